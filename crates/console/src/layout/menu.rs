//! Owns the console's menu: its screens in groups, those that somebody may look at.

use domain::access::Permission as P;
use maud::{Markup, html};

use crate::visit::Visit;

/// A screen of the console: its path, its name, and what it asks for.
struct Screen {
    path: &'static str,
    en: &'static str,
    zh: &'static str,
    asks: Option<P>,
    /// Where the pages stand that belong to it, beside those below its own path.
    also: &'static [&'static str],
}

/// Screens that belong together. The first has no name.
struct Group {
    en: &'static str,
    zh: &'static str,
    screens: &'static [Screen],
}

const fn screen(path: &'static str, (en, zh): (&'static str, &'static str), asks: P) -> Screen {
    Screen { path, en, zh, asks: Some(asks), also: &[] }
}

/// The screens, in the order of the menu.
const GROUPS: &[Group] = &[
    Group {
        en: "",
        zh: "",
        screens: &[Screen { path: "/console", en: "Overview", zh: "概览", asks: None, also: &[] }],
    },
    Group {
        en: "Shop",
        zh: "交易",
        screens: &[
            screen("/console/orders", ("Orders", "订单"), P::OrdersRead),
            screen("/console/products", ("Products", "商品与库存"), P::ProductsRead),
            screen("/console/payments", ("Payments", "付款"), P::OrdersRead),
            screen("/console/refunds", ("Refunds", "退款"), P::OrdersRead),
            screen("/console/reviews", ("Human queue", "人工处理"), P::ReviewsRead),
            screen("/console/channels", ("Channels", "支付渠道"), P::ChannelsRead),
            screen("/console/keys", ("Keys", "幂等键"), P::KeysRead),
        ],
    },
    Group {
        en: "People",
        zh: "人员",
        screens: &[
            screen("/console/members", ("Members", "会员"), P::MembersRead),
            screen("/console/staff", ("Staff", "员工"), P::StaffRead),
            screen("/console/api-keys", ("API keys", "API 密钥"), P::ApiKeysRead),
        ],
    },
    Group {
        en: "Oversight",
        zh: "管理",
        screens: &[
            Screen {
                also: &["/console/tenants"],
                ..screen("/console/settings", ("Settings", "设置"), P::PoliciesWrite)
            },
            screen("/console/audit", ("Audit log", "审计日志"), P::AuditRead),
        ],
    },
];

/// The menu of whoever is there.
pub(super) fn menu(visit: &Visit) -> Markup {
    let lang = visit.lang();
    let path = visit.here.split('?').next().unwrap_or_default();
    html! {
        details.menu open {
            summary { (lang.say("Menu", "菜单")) }
            nav aria-label=(lang.say("Screens", "页面")) {
                @for group in GROUPS {
                    @let screens = || group.screens.iter().filter(|screen| screen.asks.is_none_or(|asks| visit.may(asks)));
                    @if screens().next().is_some() {
                        div {
                            @if !group.en.is_empty() { p.group { (lang.say(group.en, group.zh)) } }
                            ul {
                                @for screen in screens() {
                                    li {
                                        a href=(screen.path) aria-current=[screen.has(path).then_some("page")] {
                                            (lang.say(screen.en, screen.zh))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Screen {
    /// Whether a page belongs to it.
    fn has(&self, path: &str) -> bool {
        let is_below = |of: &str| path.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'));
        // Everything stands below the first.
        path == self.path
            || (self.path != "/console" && is_below(self.path))
            || self.also.iter().any(|of| path == *of || is_below(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_one_screen_at_most() {
        for (path, screen) in [
            ("/console", Some("Overview")),
            ("/console/orders", Some("Orders")),
            ("/console/orders/ord_1", Some("Orders")),
            ("/console/orders.csv", None),
            ("/console/payments/pay_1", Some("Payments")),
            ("/console/tenants", Some("Settings")),
            ("/console/settings/checkout", Some("Settings")),
            ("/console/settings/sessions/staff", Some("Settings")),
            ("/console/api-keys", Some("API keys")),
            ("/console/me", None),
        ] {
            let all = GROUPS.iter().flat_map(|group| group.screens);
            let has: Vec<_> = all.filter(|screen| screen.has(path)).map(|screen| screen.en).collect();
            assert_eq!(has, screen.into_iter().collect::<Vec<_>>(), "{path}");
        }
    }
}
