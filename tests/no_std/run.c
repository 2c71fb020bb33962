/* Calls the proof from C, as a firmware would. Prints what it encoded. */
#include <stdint.h>
#include <stdio.h>

size_t encode_count(uint8_t *storage, size_t len, uint32_t count);
size_t encode_readings(uint8_t *storage, size_t len, int64_t time, double celsius, uint32_t count);

int main(void)
{
    static uint8_t storage[256];
    size_t n = encode_readings(storage, sizeof storage, 1700000000, 21.5, 7);
    fwrite(storage, 1, n, stdout);
    fwrite(storage, 1, encode_count(storage, sizeof storage, 4711), stdout);
    /* Too small: nothing is written, nothing is lost, nobody panics. */
    return n > 0 && encode_readings(storage, 20, 1700000000, 21.5, 7) == 0 ? 0 : 1;
}
