//! Owns the demo's catalogue: what the shop sells, and how much of it there is.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use crate::client::{Caller, Policy, Request, Target, segment, spread};

/// One product of the shop.
#[derive(Debug)]
pub struct Product {
    /// Its code.
    pub sku: &'static str,
    /// Its name, for both kinds of reader.
    pub name: &'static str,
    /// Its price in fen.
    pub price: i64,
    /// How many there are.
    pub stock: i64,
}

/// The product that everybody wants, by its place in [`PRODUCTS`].
pub const HOT: usize = 0;

/// All products; a few are scarce, so that some shoppers are refused.
pub const PRODUCTS: &[Product] = &[
    product("phone-x1", "限量旗舰手机 Flagship phone, limited edition", 499_900, 100),
    product("tea-longjing-250", "西湖龙井 250 克 Longjing green tea, 250 g", 16_800, 100_000),
    product("tea-puer-357", "云南普洱茶饼 357 克 Pu'er tea cake, 357 g", 23_900, 100_000),
    product("tea-oolong-200", "安溪铁观音 200 克 Tieguanyin oolong, 200 g", 12_800, 100_000),
    product("gaiwan-white", "景德镇白瓷盖碗 Jingdezhen porcelain gaiwan", 9_900, 100_000),
    product("teapot-zisha", "宜兴紫砂壶 Yixing clay teapot", 68_800, 40),
    product("chopsticks-10", "鸡翅木筷子十双 Wenge chopsticks, 10 pairs", 3_990, 100_000),
    product("wok-34", "章丘铁锅 34 厘米 Zhangqiu iron wok, 34 cm", 36_900, 100_000),
    product("knife-cai", "阳江菜刀 Yangjiang kitchen cleaver", 15_900, 100_000),
    product("rice-wuchang-5", "五常大米 5 公斤 Wuchang rice, 5 kg", 8_990, 100_000),
    product("sauce-doubanjiang", "郫县豆瓣酱 500 克 Pixian bean paste, 500 g", 1_580, 100_000),
    product("pepper-hua-100", "汉源花椒 100 克 Hanyuan Sichuan pepper, 100 g", 2_690, 100_000),
    product("vinegar-500", "镇江香醋 500 毫升 Zhenjiang vinegar, 500 ml", 1_290, 100_000),
    product("noodles-12", "兰州拉面 12 包 Lanzhou noodles, 12 packs", 4_990, 100_000),
    product("mooncake-8", "广式月饼礼盒 Cantonese mooncakes, box of 8", 19_800, 60),
    product("scarf-silk", "苏州真丝围巾 Suzhou silk scarf", 29_900, 100_000),
    product("fan-round", "苏绣团扇 Embroidered round fan", 8_800, 100_000),
    product("umbrella-oil", "泸州油纸伞 Luzhou oil-paper umbrella", 13_900, 100_000),
    product("lantern-red", "红灯笼一对 Red lanterns, a pair", 5_990, 100_000),
    product("brush-set", "湖州毛笔套装 Huzhou brush set", 7_900, 100_000),
    product("ink-hui", "徽墨 Anhui ink stick", 4_590, 100_000),
    product("panda-plush", "熊猫毛绒玩具 Panda plush toy", 6_990, 100_000),
    product("kite-weifang", "潍坊风筝 Weifang kite", 5_290, 100_000),
    product("mahjong-144", "竹骨麻将 144 张 Bamboo mahjong set, 144 tiles", 52_800, 25),
];

const LANES: usize = 8;

const fn product(sku: &'static str, name: &'static str, price: i64, stock: i64) -> Product {
    Product { sku, name, price, stock }
}

/// Puts all products on the server.
pub async fn put(target: &Arc<Target>) -> anyhow::Result<()> {
    let put = async |caller: &mut Caller, _: usize, product: &Product| {
        let Product { sku, name, price, stock } = product;
        let body = json!({
            "name": name,
            "price": {"amount": price, "currency": "CNY"},
            "initial_stock": stock,
        });
        let request = Request::put(&format!("/api/v1/products/{}", segment(sku)), &body);
        caller.ask(&request).await.with_context(|| format!("product {sku}")).map(drop)
    };
    spread(PRODUCTS, LANES, || Caller::new(target.clone(), Policy::default()), put).await
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{HOT, PRODUCTS};

    #[test]
    fn the_catalogue_has_what_the_storm_needs() {
        let skus: HashSet<_> = PRODUCTS.iter().map(|product| product.sku).collect();
        assert_eq!(skus.len(), PRODUCTS.len(), "each code once");
        assert_eq!(PRODUCTS[HOT].stock, 100);
        assert!(PRODUCTS.iter().filter(|product| product.stock < 100).count() >= 3, "a few are scarce");
    }
}
