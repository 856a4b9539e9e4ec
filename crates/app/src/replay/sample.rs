//! Owns a small file in the format of the online-retail data, made up here, for places without the real one. It holds
//! every oddity of the real days: cancellations, adjustments, returns, free lines, nameless customers, odd codes.

use std::fmt::Write as _;

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// Code, name, and price in pence. 71477A and 71477a are two products; one has no name anywhere.
const PRODUCTS: &[(&str, &str, u32)] = &[
    ("71477A", "PAPER LANTERN, RED", 255),
    ("71477a", "PAPER LANTERN, RED ", 265),
    ("20001", "TEA TIN \"LAPSANG\"", 495),
    ("20002", "TEA TIN, \"JASMINE\", LARGE", 1_250),
    ("20003", "  CANDLE  IVORY", 42),
    ("20004", "BRASS BELL", 7),
    ("20005", "CAFÉ CUP N°5", 339),
    ("20006", "", 185),
    ("47566B", "BUNTING 5m", 1_000),
    ("gift_0001_20", "GIFT VOUCHER 20.00", 1_702),
    ("BANK CHARGES", "Bank Charges", 1_500),
    ("POST", "POSTAGE", 1_800),
    ("DOT", "DOTCOM POSTAGE", 56_977),
    ("M", "Manual", 10),
];

/// `SplitMix64`. The generators of `rand` may give other numbers in a later version, and the file would change.
struct Chance(u64);

/// A file with so many invoices; the same for the same number.
pub fn write(invoices: u32) -> String {
    let mut chance = Chance(u64::from(invoices));
    let mut file = HEADER.to_owned();
    for number in 0..invoices {
        let invoice = 900_001 + number;
        match number % 10 {
            3 => cancellation(&mut file, &mut chance, invoice),
            7 if number % 20 == 7 => adjustment(&mut file, invoice),
            8 if number % 20 == 8 => write_off(&mut file, &mut chance, invoice),
            _ => sale(&mut file, &mut chance, invoice),
        }
    }
    file
}

fn sale(file: &mut String, chance: &mut Chance, invoice: u32) {
    let customer = customer(chance);
    for _ in 0..=chance.below(7) {
        let &(sku, name, price) = product(chance);
        let quantity = [1, 1, 2, 3, 6, 12, 48][chance.below(7)];
        line(file, &invoice.to_string(), (sku, name), (quantity, price), &customer);
        match chance.below(8) {
            // The same product again on the same invoice, at another price.
            0 => line(file, &invoice.to_string(), (sku, name), (1, price + 43), &customer),
            // A free unit, and one that came back: lines that do not count.
            1 => line(file, &invoice.to_string(), (sku, name), (1, 0), &customer),
            2 => line(file, &invoice.to_string(), (sku, name), (-1, price), &customer),
            _ => {}
        }
    }
}

fn cancellation(file: &mut String, chance: &mut Chance, invoice: u32) {
    let &(sku, name, price) = product(chance);
    let customer = customer(chance);
    line(file, &format!("C{invoice}"), (sku, name), (-2, price), &customer);
    // Some cancellations have lines with a positive quantity, which do not count either.
    line(file, &format!("C{invoice}"), ("D", "Discount"), (1, 2_750), &customer);
}

fn adjustment(file: &mut String, invoice: u32) {
    line(file, &format!("A{invoice}"), ("B", "Adjust bad debt"), (1, 1_106_206), "");
}

/// An invoice of which no line counts.
fn write_off(file: &mut String, chance: &mut Chance, invoice: u32) {
    let &(sku, _, _) = product(chance);
    line(file, &invoice.to_string(), (sku, "damaged"), (-10, 0), "");
    line(file, &invoice.to_string(), (sku, ""), (56, 0), "");
}

fn product(chance: &mut Chance) -> &'static (&'static str, &'static str, u32) {
    &PRODUCTS[chance.below(PRODUCTS.len())]
}

/// A number with the `.0` of the real data, or nobody.
fn customer(chance: &mut Chance) -> String {
    if chance.below(10) < 3 { String::new() } else { format!("{}.0", 12_346 + chance.below(5_942)) }
}

fn line(file: &mut String, invoice: &str, (sku, name): (&str, &str), (quantity, price): (i64, u32), customer: &str) {
    let minute = file.len() % 60;
    // The real data writes 2.5 for 2.50.
    let mut price = format!("{}.{:02}", price / 100, price % 100);
    if price.ends_with('0') {
        price.pop();
    }
    let quoted = if name.contains(['"', ',']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() };
    writeln!(
        file,
        "{invoice},{sku},{quoted},{quantity},2010-12-07 09:{minute:02}:00,{price},{customer},United Kingdom"
    )
    .expect("a String takes every text");
}

impl Chance {
    /// A number from 0 to under `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("under a usize")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::replay::invoice::Book;

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invoices.csv")
    }

    /// `MIDENG_WRITE_FIXTURES=1 cargo test -p app` writes the file anew.
    #[test]
    fn the_shipped_file_is_what_is_written_here() {
        let made = super::write(40);
        if std::env::var_os("MIDENG_WRITE_FIXTURES").is_some() {
            fs::write(fixture(), &made).expect("the fixture can be written");
        }
        assert_eq!(fs::read_to_string(fixture()).expect("the fixture is there"), made);
    }

    /// The figures that a replay of the shipped file ends with.
    #[test]
    fn the_shipped_file_reads_as_known() {
        let book = Book::read(&[fixture()]).expect("the fixture is a good file");
        let twice = book.invoices.iter().any(|invoice| {
            let mut products: Vec<_> = invoice.lines.iter().map(|line| line.product).collect();
            products.sort_unstable();
            products.windows(2).any(|pair| pair[0] == pair[1])
        });
        assert!(twice, "an invoice has a product twice");
        assert!(book.products.iter().any(|product| product.name.is_none()), "a product has no name");
        assert!(book.invoices.iter().any(|invoice| invoice.customer == "guest"), "a customer is not named");
        assert_eq!((book.invoices.len(), book.revenue), (32, 2_918_850));
    }

    #[test]
    fn every_size_is_a_good_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for invoices in [1, 2, 10, 500] {
            let path = folder.path().join(format!("{invoices}.csv"));
            fs::write(&path, super::write(invoices)).expect("a file can be written");
            assert!(!Book::read(&[path]).expect("a good file").invoices.is_empty());
        }
    }
}
