//! Owns what each role may do, in words: rendered from the table by which the API decides, with which it cannot disagree.

use domain::access::{Permission, Permission as P, Role};
use maud::{Markup, html};

use crate::lang::Lang;
use crate::layout;

/// The roles that the staff are given, each with its word.
pub(super) fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
    Role::STAFF.map(|role| (role.name(), layout::role(role.name(), lang))).to_vec()
}

/// Who may do what.
pub(super) fn table(lang: Lang) -> Markup {
    let (yes, no) = (lang.say("yes", "是"), lang.say("no", "否"));
    html! {
        section {
            h2 { (lang.say("What each role may do", "角色权限")) }
            table.cards.roles {
                thead { tr {
                    th scope="col" { (lang.say("Permission", "权限")) }
                    @for role in Role::STAFF { th scope="col" { (layout::role(role.name(), lang)) } }
                } }
                tbody {
                    @for permission in Permission::all() {
                        tr {
                            th scope="row" { (word(permission, lang)) " " code.fine { (permission.name()) } }
                            @for role in Role::STAFF {
                                td.no[!role.may(permission)] data-of=(layout::role(role.name(), lang)) {
                                    @if role.may(permission) { span.status.good { (yes) } } @else { span.fine { (no) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn word(permission: P, lang: Lang) -> &'static str {
    match permission {
        P::ProductsRead => lang.say("look at products and stock", "查看商品与库存"),
        P::ProductsWrite => lang.say("create and change products", "创建与修改商品"),
        P::StockMove => lang.say("move stock by hand", "手动调整库存"),
        P::StockRead => lang.say("look at what moved stock", "查看库存流水"),
        P::ReviewsRead => lang.say("look at what waits for a person", "查看待人工处理事项"),
        P::ReviewsResolve => lang.say("close what waits for a person", "处理人工事项"),
        P::ChannelsRead => lang.say("look at accounts with payment providers", "查看支付渠道"),
        P::ChannelsSwitch => lang.say("switch accounts with payment providers on and off", "启用或停用支付渠道"),
        P::OrdersRead => lang.say("look at orders, payments and refunds", "查看订单、付款与退款"),
        P::KeysRead => lang.say("look at keys: who sent what, and how often", "查看幂等键：谁发送、多少次"),
        P::OverviewRead => lang.say("look at the overview", "查看概览"),
        P::OrdersPlace => lang.say("place orders", "下单"),
        P::PricesSet => lang.say("name another price than the product's", "指定成交价"),
        P::OrdersCancel => lang.say("cancel unpaid orders", "取消未付款订单"),
        P::OrdersShip => lang.say("send parcels and correct them", "发货与更正运单"),
        P::OrdersReceive => lang.say("note that an order arrived", "确认收货"),
        P::PaymentsStart => lang.say("begin payments", "发起付款"),
        P::PaymentsQuery => lang.say("ask providers again", "重新查询支付渠道"),
        P::RefundsStart => lang.say("give money back", "发起退款"),
        P::RefundsApprove => lang.say("let go what somebody else gives back", "复核他人的退款"),
        P::RefundLimitsSet => lang.say("set how much one person gives back alone", "设置单人退款额度"),
        P::MembersRead => lang.say("look at members and their sessions", "查看会员与登录设备"),
        P::MembersWrite => lang.say("add, change and disable members", "添加、修改与停用会员"),
        P::MembersRecover => lang.say("let members in who lost their password", "帮助会员找回登录"),
        P::StaffRead => lang.say("look at the staff and their sessions", "查看员工与登录设备"),
        P::StaffWrite => lang.say("add staff, change their roles, disable them", "添加、停用员工与变更角色"),
        P::ApiKeysRead => lang.say("look at the keys of servers", "查看 API 密钥"),
        P::ApiKeysIssue => lang.say("issue keys to servers", "签发 API 密钥"),
        P::ApiKeysRevoke => lang.say("revoke keys of servers", "吊销 API 密钥"),
        P::AuditRead => lang.say("read the audit log", "查看审计日志"),
        P::PoliciesWrite => lang.say("change the shop's settings", "修改店铺设置"),
        P::TenantsManage => lang.say("create and suspend tenants", "创建与暂停租户"),
        P::MetricsRead => lang.say("read the server's metrics", "查看服务器指标"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_table_says() {
        let page = table(Lang::En).into_string();
        let lines: Vec<_> = page.split("<tr>").skip(2).collect();
        assert_eq!(lines.len(), Permission::all().count());
        for (line, permission) in lines.iter().zip(Permission::all()) {
            let wanted: Vec<_> = Role::STAFF.iter().map(|role| role.may(permission)).collect();
            let shown: Vec<_> = line.split("<td").skip(1).map(|cell| cell.contains(">yes<")).collect();
            assert_eq!(shown, wanted, "{}", permission.name());
        }
    }
}
