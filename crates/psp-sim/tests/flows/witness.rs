//! Merchants that were written by others: their libraries sign what the simulator verifies, and verify what it signs.

mod alipay;
mod ask;
mod stripe;
mod wechat;
