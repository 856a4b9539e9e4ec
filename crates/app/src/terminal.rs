//! Owns how the commands look to people: progress on a terminal and silence in a pipe, tables, colour, numbers.

mod colour;
mod list;
mod number;
mod progress;
mod table;

pub use colour::{bad, bold, dim, good, heading};
pub use list::{light, print_list};
pub use number::{cny, gbp, moment, seconds, thousands};
pub use progress::{bar, gauge, spinner};
pub use table::{Light, Sheet};
