//! Owns the lights: whether money and stock are right, as far as somebody looked.

use maud::{Markup, html};

use super::{Installation, Light};
use crate::lang::Lang;
use crate::show;

/// The lights, those that are red first.
pub(super) fn lights(whole: &Installation, lang: Lang) -> Markup {
    let (red, green): (Vec<&Light>, Vec<&Light>) = whole.lights.iter().partition(|light| light.violations > 0);
    html! {
        section {
            h2 { (lang.say("Money and stock", "资金与库存一致性")) }
            @match &whole.checked_at {
                None => p.fine { (lang.say("Nobody has looked yet; the first time is a moment after the start.", "尚未检查；启动后片刻开始第一次检查。")) },
                Some(at) => {
                    p.fine {
                        @if red.is_empty() { (lang.say("Every rule holds. ", "全部规则成立。")) }
                        @else { (lang.say("Something is wrong: `mideng check` tells where. ", "发现不一致：请运行 mideng check 查看详情。")) }
                        (lang.say("Looked at ", "检查时间 ")) (show::time(at))
                    }
                }
            }
            details.deed open[!red.is_empty()] {
                summary {
                    span.lamps aria-hidden="true" {
                        @for light in red.iter().chain(&green) { span class=(if light.violations > 0 { "lamp red" } else { "lamp" }) {} }
                    }
                    (show::count(count(&green))) (lang.say(" of ", " / ")) (show::count(count(&whole.lights))) (lang.say(" rules hold", " 条规则成立"))
                }
                ul.lights { @for light in red.iter().chain(&green) { (lamp(light, lang)) } }
            }
        }
    }
}

fn lamp(light: &Light, lang: Lang) -> Markup {
    let is_red = light.violations > 0;
    html! {
        li {
            span class=(if is_red { "lamp red" } else { "lamp" }) aria-hidden="true" {}
            span {
                strong { (light.id) } " " (title(light, lang))
                @if is_red { strong.wrong { (show::count(light.violations)) (lang.say(" rows break it", " 行不符合")) } }
                @else { span.unseen { (lang.say(": holds", "：成立")) } }
            }
        }
    }
}

fn count<T>(all: &[T]) -> i64 {
    i64::try_from(all.len()).unwrap_or(i64::MAX)
}

/// What a rule says. In Chinese by its number; one that is new says it in English.
fn title(light: &Light, lang: Lang) -> &str {
    let zh = match light.id.as_str() {
        "I-1" => "每次支付尝试要么全额收款，要么未收款",
        "I-2a" => "订单与支付单的实收金额等于各次尝试之和",
        "I-2b" => "逾期或重复收到的款项都有对应退款，且仅此类款项有",
        "I-3" => "未最终失败的退款均已预留，且不超过实收金额",
        "I-4a" => "每笔账务分录借贷平衡",
        "I-4b" => "各渠道余额等于收款减退款",
        "I-5" => "订单总额等于明细之和，明细等于数量乘单价",
        "I-6" => "库存不为负，也不会重复占用",
        "I-7" => "占用数等于有效预占之和",
        "I-8" => "在库数等于库存流水之和",
        "I-9" => "每笔销售对每个商品只扣减一次，已付订单均已扣减；退货入库亦然",
        "I-10a" => "一个幂等键只产生一个订单，已应答的订单都存在",
        "I-10b" => "没有两个订单共用订单号或幂等键",
        "I-10c" => "订单存在期间其幂等键一直保留并指向它",
        "I-11" => "当且仅当应付金额已收到时订单为已付款",
        "I-12" => "每行数据属于存在的租户及其人员",
        "I-13a" => "每个订单的历史符合状态转移表",
        "I-13b" => "版本号连续，最后一步即当前状态",
        "I-13c" => "支付、尝试与退款的历史符合各自的状态转移表",
        "I-13d" => "支付单版本号连续，最后一步即当前状态",
        "I-14" => "没有订单超过付款截止时间仍在等待",
        "I-14b" => "没有被遗忘的支付尝试或退款：结果已知、正在查询或已转人工",
        "S-1" => "订单的预占与其明细及状态一致",
        "S-1b" => "会员待付款名额与订单一致，无待付款时空闲",
        "S-2" => "已发数量均在包裹中，且不超过订购数量",
        "S-3" => "没有孤立数据：商品有库存，附属数据有订单",
        "S-4" => "支付单随订单存在，附属数据随支付单存在",
        "S-5" => "每个人员有相符的账户与角色，每个会话有人员且只有一个结束",
        "S-6" => "审计日志完整：逐条相连、未被改动",
        "S-7" => "待复核的退款尚未外发，且由申请人以外的人放行",
        _ => return &light.title,
    };
    lang.say(&light.title, zh)
}
