//! Libraries of other authors verify what the adapters sign, and sign what the adapters verify, so that no mistake stands
//! on both sides of a test.

// All of it is tests, and each module says so, since clippy asks the module.
#[cfg(test)]
mod alipay;
#[cfg(test)]
mod ask;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod example;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod wechat;
