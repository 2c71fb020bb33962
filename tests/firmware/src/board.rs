//! The board: QEMU's `mps2-an386`, a Cortex-M4F at 25 MHz.
//!
//! A byte stream (the CMSDK UART), a clock of milliseconds (a CMSDK timer, and SysTick), text, arguments and an exit
//! status by semihosting, and a painted stack. All unsafe code of this firmware is in this file.

use core::arch::asm;
use core::cell::{Cell, UnsafeCell};
use core::fmt::{self, Write as _};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::NVIC;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::{hio, nr, syscall1};

/// The processor's clock.
const HERTZ: u32 = 25_000_000;

/// The exit status of a panic, as of a Rust program on a PC.
const PANICKED: u32 = 101;
/// The exit status of a fault of the processor.
const FAULTED: u32 = 102;

// ---------------------------------------------------------------------------------------- Start

#[entry]
fn start() -> ! {
    start_clock();
    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(HERTZ / 1000 - 1);
        core.SYST.clear_current();
        core.SYST.enable_counter();
        core.SYST.enable_interrupt();
    }
    paint(stack_pointer());
    exit(crate::run())
}

/// Ends the emulator with this status.
pub fn exit(status: u32) -> ! {
    /// `SYS_EXIT_EXTENDED` of Arm's semihosting specification.
    const EXIT_EXTENDED: usize = 0x20;
    /// `ADP_Stopped_ApplicationExit`.
    const APPLICATION_EXIT: u32 = 0x20026;
    let block = [APPLICATION_EXIT, status];
    loop {
        // SAFETY: the call reads the block, which lives on, and doesn't return.
        unsafe { syscall1(EXIT_EXTENDED, &raw const block as usize) };
    }
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    print(format_args!("{info}\n"));
    exit(PANICKED)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    print(format_args!("hard fault at {:#010x}\n", frame.pc()));
    exit(FAULTED)
}

/// Reads where there is nothing, to try the handler above.
pub fn fault() -> u32 {
    const NOTHING: *const u32 = 0x9000_0000 as *const u32;
    // SAFETY: the processor raises a fault; nothing else happens.
    unsafe { NOTHING.read_volatile() }
}

// ---------------------------------------------------------------------------------------- Clock

/// `CTRL`, `VALUE` and `RELOAD` of the CMSDK APB timer 0, which counts down with the processor's clock.
const TIMER_CTRL: *mut u32 = 0x4000_0000 as *mut u32;
const TIMER_VALUE: *mut u32 = 0x4000_0004 as *mut u32;
const TIMER_RELOAD: *mut u32 = 0x4000_0008 as *mut u32;

/// The timer's value when it was last read, and how far it has come since the start.
static CLOCK: Mutex<Cell<(u32, u64)>> = Mutex::new(Cell::new((u32::MAX, 0)));

fn start_clock() {
    // SAFETY: the registers of this board's timer, which nobody else uses.
    unsafe {
        TIMER_RELOAD.write_volatile(u32::MAX);
        TIMER_VALUE.write_volatile(u32::MAX);
        TIMER_CTRL.write_volatile(1);
    }
}

/// Milliseconds since the start; begins again at 0 after 49 days.
///
/// SysTick's interrupts aren't counted: of those that are due while the emulator has no processor time, it
/// delivers one.
pub fn millis() -> u32 {
    interrupt::free(|token| {
        let clock = CLOCK.borrow(token);
        let (last, ticks) = clock.get();
        // SAFETY: as above.
        let value = unsafe { TIMER_VALUE.read_volatile() };
        let ticks = ticks + u64::from(last.wrapping_sub(value));
        clock.set((value, ticks));
        (ticks / u64::from(HERTZ / 1000)) as u32
    })
}

/// Keeps the clock, whose timer begins again every three minutes, and ends [`sleep`].
#[exception]
fn SysTick() {
    millis();
}

/// Waits for the next interrupt, which is a byte or a millisecond.
pub fn sleep() {
    cortex_m::asm::wfi();
}

// ----------------------------------------------------------------------------------------- UART

/// The UART as a byte stream. There is one.
pub struct Uart(());

/// `DATA`, `STATE`, `CTRL`, `INTCLEAR` and `BAUDDIV` of the CMSDK APB UART 0.
const DATA: *mut u32 = 0x4000_4000 as *mut u32;
const STATE: *const u32 = 0x4000_4004 as *const u32;
const CTRL: *mut u32 = 0x4000_4008 as *mut u32;
const INTCLEAR: *mut u32 = 0x4000_400C as *mut u32;
const BAUDDIV: *mut u32 = 0x4000_4010 as *mut u32;

const TX_FULL: u32 = 1 << 0;
const RX_FULL: u32 = 1 << 1;
/// Transmission, reception, and the interrupt of the latter.
const ENABLED: u32 = 0b1011;
const RX_INTERRUPT: u32 = 1 << 1;

impl Uart {
    /// Switches the UART on. None the second time.
    pub fn take() -> Option<Uart> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        if TAKEN.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: the registers of this board's UART, which belongs to this value alone.
        unsafe {
            BAUDDIV.write_volatile(16);
            CTRL.write_volatile(ENABLED);
            // Interrupt 0, which is this one. Its handler is below.
            (*NVIC::PTR).iser[0].write(1);
            // QEMU delivers nothing until this was read once.
            DATA.read_volatile();
        }
        Some(Uart(()))
    }

    /// The next byte, if one has come.
    pub fn get(&mut self) -> Option<u8> {
        // SAFETY: as above.
        unsafe {
            let full = STATE.read_volatile() & RX_FULL != 0;
            full.then(|| DATA.read_volatile() as u8)
        }
    }

    /// Sends a byte as soon as there is space for it.
    pub fn put(&mut self, byte: u8) {
        // SAFETY: as above.
        unsafe {
            while STATE.read_volatile() & TX_FULL != 0 {}
            DATA.write_volatile(u32::from(byte));
        }
    }
}

/// The UART's interrupt, and no other is switched on. It ends [`sleep`]; whoever sleeps looks for the byte.
#[exception]
unsafe fn DefaultHandler(_number: i16) {
    // SAFETY: as above; the register takes note of nothing but what is cleared.
    unsafe { INTCLEAR.write_volatile(RX_INTERRUPT) };
}

// --------------------------------------------------------------------------------- Semihosting

/// Prints to the emulator's standard output.
pub fn print(text: fmt::Arguments<'_>) {
    // The host buffers nothing and has nobody to report a failure to.
    if let Ok(mut out) = hio::hstdout() {
        out.write_fmt(text).ok();
    }
}

/// The arguments that the emulator was given, one space between them.
pub fn command_line(buffer: &mut [u8]) -> Option<&str> {
    let mut block = [buffer.as_mut_ptr() as usize, buffer.len()];
    // SAFETY: the call writes at most `buffer.len()` bytes there, and the length into the block.
    let status = unsafe { syscall1(nr::GET_CMDLINE, &raw mut block as usize) };
    let length = if status == 0 { block[1] } else { 0 };
    core::str::from_utf8(buffer.get(..length)?).ok()
}

// ---------------------------------------------------------------------------------------- Stack

/// What unused stack is filled with.
const PAINT: u32 = 0x5AFE_57AC;

unsafe extern "C" {
    /// The end of the statics, by cortex-m-rt's linker script. The stack grows towards it.
    static mut __sheap: u32;
}

fn stack_pointer() -> *mut u32 {
    let pointer: *mut u32;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Paints the unused stack, the words below `from`.
#[inline(never)]
fn paint(from: *mut u32) {
    // Not the frame of this very function, nor what an interrupt puts there.
    const MARGIN: usize = 64;
    let mut word = &raw mut __sheap;
    // Nobody's memory until the stack grows into it, which is noticed by the paint that is gone.
    while word < from.wrapping_sub(MARGIN) {
        // SAFETY: between the statics and the stack's end; aligned, as both ends are.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
}

/// The bytes of stack that a call takes, with what interrupts it. At least 256, which aren't looked at.
#[inline(never)]
pub fn stack_used<R>(call: impl FnOnce() -> R) -> (R, u32) {
    /// A frame of its own below the one that measures.
    #[inline(never)]
    fn apart<R>(call: impl FnOnce() -> R) -> R {
        call()
    }
    let from = stack_pointer();
    stack_free();
    paint(from);
    let result = apart(call);
    (result, (from as usize - first_used() as usize) as u32)
}

/// The bytes of stack that were never used.
pub fn stack_free() -> u32 {
    /// As found before each painting but the first.
    static LEAST: AtomicU32 = AtomicU32::new(u32::MAX);
    let free = (first_used() as usize - &raw const __sheap as usize) as u32;
    LEAST.fetch_min(free, Ordering::Relaxed).min(free)
}

/// The lowest word without paint.
fn first_used() -> *const u32 {
    let mut word = &raw const __sheap;
    // SAFETY: words from the end of the statics up to the stack in use, which has no paint.
    while unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    word
}

// -------------------------------------------------------------------------------------- Statics

/// A value that is handed out once, for good: how a buffer in a `static` becomes a `&mut`.
pub struct Once<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `take` gives the value to one caller only.
unsafe impl<T: Send> Sync for Once<T> {}

impl<T> Once<T> {
    pub const fn new(value: T) -> Self {
        Once {
            taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// The value. None the second time.
    #[allow(clippy::mut_from_ref, reason = "one caller gets it")]
    pub fn take(&'static self) -> Option<&'static mut T> {
        let taken = self.taken.swap(true, Ordering::Relaxed);
        // SAFETY: nobody else has come here with `taken` unset.
        (!taken).then(|| unsafe { &mut *self.value.get() })
    }
}
