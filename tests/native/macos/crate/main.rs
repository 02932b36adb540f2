//! Reads property lists as the crate `launchd` does; prints a line for each: `ok`, or what is wrong.

use std::io::BufRead;

fn main() {
    for path in std::io::stdin().lock().lines().map_while(Result::ok) {
        match launchd::Launchd::from_file(&path) {
            Ok(_) => println!("ok"),
            Err(error) => println!("{error:?}"),
        }
    }
}
