//! Owns Redis beside real servers: it is there or not, it lies, and it counts for all of them.

mod liar;
mod rates;
mod starts;
mod storm;
