//! Does nothing but report: what the standard library takes of all the others.

fn main() {
    footprint::report();
}
