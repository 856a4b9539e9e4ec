//! Drives the simulator as a merchant does: over HTTP, with the settings and keys that it wrote.

// All of it is tests, and each module says so, since clippy asks the module.
#[cfg(test)]
mod alipay;
#[cfg(test)]
mod merchant;
#[cfg(test)]
mod order;
#[cfg(test)]
mod rsa;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod wechat;
#[cfg(test)]
mod witness;
mod worse;
