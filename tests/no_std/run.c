/* Calls the proof from C, as a firmware would. Prints what it encoded and decoded. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

size_t encode_count(uint8_t *storage, size_t len, uint32_t count);
size_t encode_reading(uint8_t *storage, size_t len, int64_t time, double celsius, int64_t count);
size_t serialize_reading(uint8_t *storage, size_t len, int64_t time, double celsius, int64_t count);
struct readings {
    uint32_t rows, name_bytes;
    int64_t newest;
    double value;
};
_Bool decode_readings(const uint8_t *response, size_t len, size_t piece, struct readings *found);
size_t encode_readings(uint8_t *storage, size_t len, int64_t time, double celsius, uint32_t count);
int32_t sum_values(const uint8_t *response, size_t len, double *sum);
struct meaning {
    uint32_t line_errors, line_bytes;
    uint64_t dropped, wait;
};
int32_t classify_write(uint16_t status, const uint8_t *body, size_t len, struct meaning *meaning);
size_t write_target(uint8_t *storage, size_t len, const uint8_t *name, size_t name_len);
size_t write_query(uint8_t *storage, size_t len, const uint8_t *name, size_t name_len);

struct wire {
    ptrdiff_t (*send)(const uint8_t *bytes, size_t len);
    ptrdiff_t (*receive)(uint8_t *into, size_t len);
};
struct outcome {
    uint16_t status;
    uint32_t line, wait;
};
_Bool deliver_reading(const struct wire *wire, uint8_t *storage, size_t len, int64_t time,
                      double celsius, struct outcome *outcome);
double query_newest(const struct wire *wire, uint8_t *storage, size_t len);

static const char RESPONSE[] =
    "#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n"
    "#default,_result,,,\r\n,result,table,_value,station\r\n"
    ",,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n,,1,19.75,zrh-2\r\n\r\n";

static const char READINGS[] =
    "#datatype,string,long,dateTime:RFC3339,double,string\r\n"
    "#group,false,false,false,false,true\r\n#default,_result,,,,\r\n"
    ",result,table,_time,_value,station\r\n"
    ",,0,2023-11-14T22:13:20Z,20.25,zrh-1\r\n"
    ",,1,2023-11-14T22:13:20.5Z,5.0000000000000001e-1,\"zrh, 2\"\r\n\r\n";

static const char *const ERRORS[] = {
    "{\"code\":\"invalid\",\"message\":\"unable to parse 'm\\u00e9 f=': missing field value\"}",
    "{\"error\":\"partial write of line protocol occurred\",\"data\":[{\"error_message\":\"no\","
    "\"line_number\":2,\"original_line\":\"bad line\"},{\"error_message\":\"no\",\"line_number\":3}]}",
    "{\"message\":\"Bad Request\"}",
};

/* A connection: what is sent is shown, what is received is a scripted response, a few bytes at a time. */
static const char *incoming;

static ptrdiff_t wire_send(const uint8_t *bytes, size_t len)
{
    fwrite(bytes, 1, len, stdout);
    return (ptrdiff_t)len;
}

static ptrdiff_t wire_receive(uint8_t *into, size_t len)
{
    size_t left = strlen(incoming), n = left < len ? left : len;
    if (n > 7)
        n = 7;
    memcpy(into, incoming, n);
    incoming += n;
    return (ptrdiff_t)n;
}

static const char *const RESPONSES[] = {
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3b\r\n{\"code\":\"invalid\",\"message\":\"unable to parse 'weather,stati\r\n"
    "2e\r\non=zrh\\\\ 1 temp_c=21.5 1700000000': bad time\"}\r\n0\r\n\r\n",
    "HTTP/1.1 40",
};

int main(void)
{
    static uint8_t storage[256];
    static const char name[] = "zrh \"1\"";
    double sum = 0;
    size_t n;

    n = encode_readings(storage, sizeof storage, 1700000000, 21.5, 7);
    fwrite(storage, 1, n, stdout);
    n = encode_reading(storage, sizeof storage, 1700000000, 0.1 + 0.2, -7);
    fwrite(storage, 1, n, stdout);
    n = serialize_reading(storage, sizeof storage, 1700000000, 0.1 + 0.2, -7);
    fwrite(storage, 1, n, stdout);
    n = encode_count(storage, sizeof storage, 4711);
    fwrite(storage, 1, n, stdout);
    n = write_query(storage, sizeof storage, (const uint8_t *)name, strlen(name));
    fwrite(storage, 1, n, stdout);
    n = (size_t)sum_values((const uint8_t *)RESPONSE, strlen(RESPONSE), &sum);
    printf("%zu rows, sum %g\n", n, sum);

    n = write_target(storage, sizeof storage, (const uint8_t *)name, strlen(name));
    printf("%.*s\n", (int)n, (const char *)storage);
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        struct meaning meaning = {0, 0, 0, 0};
        int stored = classify_write(400, (const uint8_t *)ERRORS[i], strlen(ERRORS[i]), &meaning);
        printf("stored %d, %u lines named, %u bytes of them, %llu dropped, wait %llu ms\n", stored,
               meaning.line_errors, meaning.line_bytes, (unsigned long long)meaning.dropped,
               (unsigned long long)meaning.wait);
    }

    for (size_t piece = 1; piece < 400; piece += 113) {
        struct readings found = {0, 0, 0, 0};
        if (!decode_readings((const uint8_t *)READINGS, strlen(READINGS), piece, &found))
            return 1;
        printf("%u rows, newest %lld: %g, %u bytes of names\n", found.rows,
               (long long)found.newest, found.value, found.name_bytes);
    }

    static const struct wire wire = {wire_send, wire_receive};
    static uint8_t memory[1024];
    for (size_t i = 0; i < sizeof RESPONSES / sizeof *RESPONSES; i++) {
        struct outcome outcome = {0, 0, 0};
        incoming = RESPONSES[i];
        int stored = deliver_reading(&wire, memory, sizeof memory, 1700000000, 21.5, &outcome);
        printf("stored %d, status %u, line %u, wait %u s\n", stored, outcome.status, outcome.line,
               outcome.wait);
    }
    incoming = "HTTP/1.1 200 OK\r\nContent-Type: text/csv; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
               "52\r\n#datatype,string,long,double\r\n#group,false,false,false\r\n"
               "#default,_result,,\r\n,resul\r\n1c\r\nt,table,_value\r\n,,0,-2.5\r\n\r\n\r\n0\r\n\r\n";
    printf("\nnewest %g\n", query_newest(&wire, memory, sizeof memory));

    /* Too small, or cut: nothing is written, nothing is invented, nobody panics. */
    return encode_readings(storage, 20, 1700000000, 21.5, 7) == 0 &&
                   write_target(storage, 30, (const uint8_t *)name, strlen(name)) == 0 &&
                   write_query(storage, 20, (const uint8_t *)name, strlen(name)) == 0 &&
                   sum_values((const uint8_t *)RESPONSE, 40, &sum) < 0
               ? 0
               : 1;
}
