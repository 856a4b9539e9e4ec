//! Owns the parcels of the demo: who carries them, and numbers that look as that carrier's do.

/// A carrier, and how it numbers.
type Carrier = (&'static str, fn(u64) -> String);

const CARRIERS: [Carrier; 6] = [
    ("SF Express", |number| format!("SF1{:012}", number % 1_000_000_000_000)),
    ("YTO Express", |number| format!("YT7{:012}", number % 1_000_000_000_000)),
    ("ZTO Express", |number| format!("785{:011}", number % 100_000_000_000)),
    ("JD Logistics", |number| format!("JDVA{:011}", number % 100_000_000_000)),
    ("China Post EMS", postal),
    ("DHL", |number| format!("{:010}", 1_000_000_000 + number % 9_000_000_000)),
];

/// Who carries the parcel of this number, and the tracking number there.
pub fn parcel(number: usize) -> (&'static str, String) {
    let (carrier, numbered) = CARRIERS[number % CARRIERS.len()];
    (carrier, numbered(scattered(number as u64)))
}

/// A postal service's number with its check digit (UPU S10).
fn postal(number: u64) -> String {
    const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    let digits = format!("{:08}", number % 100_000_000);
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("EA{digits}{check}CN")
}

/// Numbers that follow each other would not look like those of a carrier with other customers.
const fn scattered(number: u64) -> u64 {
    let mixed = (number ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CARRIERS, parcel, postal};

    #[test]
    fn the_check_digit_of_the_standard() {
        // The example of UPU S10 is 47312482 with 9 behind it.
        assert_eq!(postal(47_312_482), "EA473124829CN");
    }

    #[test]
    fn no_two_parcels_have_one_number() {
        let numbers: HashSet<_> = (0..10_000).map(|number| parcel(number).1).collect();
        assert!(numbers.len() > 9_900, "{}", numbers.len());
        assert!(numbers.iter().all(|number| (10..=15).contains(&number.len())));
        let carriers: HashSet<_> = (0..10).map(|number| parcel(number).0).collect();
        assert_eq!(carriers.len(), CARRIERS.len());
    }
}
