//! Owns who may do what: the roles, the permissions, and the one table that joins them. Whoever is not in a line of it may
//! not.

/// What somebody is to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the shop's systems: everything.
    Admin,
    /// Runs the shop: products, orders, money, members.
    Merchant,
    /// Helps customers: looks, cancels, refunds.
    Support,
    /// Looks at everything, changes nothing.
    Auditor,
    /// A member of the shop, with their own orders.
    Shopper,
    /// Somebody who buys without a name.
    Guest,
    /// A server of the shop.
    Service,
}

/// Something that one may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Look at products and what is available.
    ProductsRead,
    /// Create and change products.
    ProductsWrite,
    /// Look at what moved stock, and who did.
    StockRead,
    /// Move stock by hand.
    StockMove,
    /// Look at orders, their history, payments and refunds.
    OrdersRead,
    /// Look at keys: who sent what under one, and what came of it.
    KeysRead,
    /// Look at how the shop's server does: what comes in, how long answers take, and whether money and stock are right.
    OverviewRead,
    /// Take order numbers and one-time tokens, and place orders.
    OrdersPlace,
    /// Name a price other than the product's.
    PricesSet,
    /// Give orders up before they are paid.
    OrdersCancel,
    /// Send parcels and correct their numbers.
    OrdersShip,
    /// Take note that an order arrived.
    OrdersReceive,
    /// Pay an order.
    PaymentsStart,
    /// Ask providers anew.
    PaymentsQuery,
    /// Give money back.
    RefundsStart,
    /// Look at what no rule could settle.
    ReviewsRead,
    /// Say what was done about it.
    ReviewsResolve,
    /// Let a refund go that somebody else asked for.
    RefundsApprove,
    /// Say how much one person may give back alone.
    RefundLimitsSet,
    /// Look at accounts with providers, and how they do.
    ChannelsRead,
    /// Switch them on and off.
    ChannelsSwitch,
    /// Look at members and their sessions.
    MembersRead,
    /// Create, change and disable members, and put their sessions out.
    MembersWrite,
    /// Let a member in who lost their password or their second factor, and with it whoever says that they are the member.
    MembersRecover,
    /// Look at the staff and their sessions.
    StaffRead,
    /// Create staff, give them roles, disable them, and put their sessions out.
    StaffWrite,
    /// Look at the keys by which servers prove who they are.
    ApiKeysRead,
    /// Issue one.
    ApiKeysIssue,
    /// Have one taken no more.
    ApiKeysRevoke,
    /// Read the audit log.
    AuditRead,
    /// Change what the shop asks of check-outs, log-ins and refunds.
    PoliciesWrite,
    /// Create and suspend tenants; only in the installation's first tenant.
    TenantsManage,
    /// Read the server's metrics.
    MetricsRead,
}

/// How freshly somebody of the staff must have proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// At their log-in, whenever that was.
    AtLogIn,
    /// A moment ago, with all that they prove it with.
    Fresh,
    /// A moment ago, with two factors.
    TwoFactors,
}

/// Whose objects somebody may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Their own.
    Own,
    /// All of the tenant's.
    Tenant,
}

use Permission as P;
use Role as R;

/// Each permission, and who has it.
const TABLE: &[(Permission, &[Role])] = &[
    (P::ProductsRead, &Role::ALL),
    (P::ProductsWrite, &[R::Admin, R::Merchant, R::Service]),
    (P::StockRead, &[R::Admin, R::Merchant, R::Support, R::Auditor, R::Service]),
    (P::StockMove, &[R::Admin, R::Merchant, R::Service]),
    (P::OrdersRead, &Role::ALL),
    (P::KeysRead, &Role::ALL),
    (P::OverviewRead, &[R::Admin, R::Merchant, R::Support, R::Auditor, R::Service]),
    (P::OrdersPlace, &[R::Admin, R::Merchant, R::Service, R::Shopper, R::Guest]),
    (P::PricesSet, &[R::Admin, R::Service]),
    (P::OrdersCancel, &[R::Admin, R::Merchant, R::Support, R::Service, R::Shopper, R::Guest]),
    (P::OrdersShip, &[R::Admin, R::Merchant, R::Service]),
    (P::OrdersReceive, &[R::Admin, R::Merchant, R::Support, R::Service, R::Shopper, R::Guest]),
    (P::PaymentsStart, &[R::Admin, R::Merchant, R::Service, R::Shopper, R::Guest]),
    (P::PaymentsQuery, &[R::Admin, R::Merchant, R::Support, R::Service]),
    (P::RefundsStart, &[R::Admin, R::Merchant, R::Support, R::Service]),
    (P::RefundsApprove, &[R::Admin, R::Merchant]),
    (P::RefundLimitsSet, &[R::Admin]),
    (P::ReviewsRead, &[R::Admin, R::Merchant, R::Support, R::Auditor, R::Service]),
    (P::ReviewsResolve, &[R::Admin, R::Merchant, R::Support]),
    (P::ChannelsRead, &[R::Admin, R::Merchant, R::Support, R::Auditor, R::Service]),
    (P::ChannelsSwitch, &[R::Admin, R::Merchant]),
    (P::MembersRead, &[R::Admin, R::Merchant, R::Support, R::Auditor, R::Service]),
    (P::MembersWrite, &[R::Admin, R::Merchant, R::Service]),
    (P::MembersRecover, &[R::Admin, R::Merchant, R::Service]),
    (P::StaffRead, &[R::Admin, R::Auditor]),
    (P::StaffWrite, &[R::Admin]),
    (P::ApiKeysRead, &[R::Admin, R::Auditor]),
    (P::ApiKeysIssue, &[R::Admin]),
    (P::ApiKeysRevoke, &[R::Admin]),
    (P::AuditRead, &[R::Admin, R::Auditor]),
    (P::PoliciesWrite, &[R::Admin]),
    (P::TenantsManage, &[R::Admin]),
    (P::MetricsRead, &[R::Admin, R::Auditor]),
];

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [R::Admin, R::Merchant, R::Support, R::Auditor, R::Shopper, R::Guest, R::Service];
    /// The roles of people who work for the shop.
    pub const STAFF: [Self; 4] = [R::Admin, R::Merchant, R::Support, R::Auditor];
    /// The roles of API keys.
    pub const KEYS: [Self; 3] = [R::Admin, R::Service, R::Auditor];

    /// Whether the role has this permission.
    pub fn may(self, permission: Permission) -> bool {
        TABLE.iter().any(|(line, roles)| *line == permission && roles.contains(&self))
    }

    /// Whose objects the role may touch.
    pub const fn reach(self) -> Reach {
        match self {
            R::Shopper | R::Guest => Reach::Own,
            R::Admin | R::Merchant | R::Support | R::Auditor | R::Service => Reach::Tenant,
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            R::Admin => "admin",
            R::Merchant => "merchant",
            R::Support => "support",
            R::Auditor => "auditor",
            R::Shopper => "shopper",
            R::Guest => "guest",
            R::Service => "service",
        }
    }

    /// The role of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Permission {
    /// Every permission, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(permission, _)| *permission)
    }

    /// Whether money moves by it: then whoever has it is looked up in the database, and nothing remembered counts.
    pub const fn moves_money(self) -> bool {
        matches!(self, P::PaymentsStart | P::RefundsStart | P::RefundsApprove | P::RefundLimitsSet)
    }

    /// What the staff must have proved for it: whoever finds a session open that is not theirs gives no money away, and makes
    /// nobody who could.
    pub const fn proof(self) -> Proof {
        match self {
            P::RefundsStart | P::RefundsApprove | P::RefundLimitsSet => Proof::TwoFactors,
            P::MembersRecover
            | P::StaffWrite
            | P::ApiKeysIssue
            | P::ApiKeysRevoke
            | P::PoliciesWrite
            | P::TenantsManage => Proof::Fresh,
            _ => Proof::AtLogIn,
        }
    }

    /// The stable name: what, and what of it.
    pub const fn name(self) -> &'static str {
        match self {
            P::ProductsRead => "products.read",
            P::ProductsWrite => "products.write",
            P::StockRead => "stock.read",
            P::StockMove => "stock.move",
            P::OrdersRead => "orders.read",
            P::KeysRead => "keys.read",
            P::OverviewRead => "overview.read",
            P::OrdersPlace => "orders.place",
            P::PricesSet => "prices.set",
            P::OrdersCancel => "orders.cancel",
            P::OrdersShip => "orders.ship",
            P::OrdersReceive => "orders.receive",
            P::PaymentsStart => "payments.start",
            P::PaymentsQuery => "payments.query",
            P::RefundsStart => "refunds.start",
            P::RefundsApprove => "refunds.approve",
            P::RefundLimitsSet => "refunds.limits",
            P::ReviewsRead => "reviews.read",
            P::ReviewsResolve => "reviews.resolve",
            P::ChannelsRead => "channels.read",
            P::ChannelsSwitch => "channels.switch",
            P::MembersRead => "members.read",
            P::MembersWrite => "members.write",
            P::MembersRecover => "members.recover",
            P::StaffRead => "staff.read",
            P::StaffWrite => "staff.write",
            P::ApiKeysRead => "api_keys.read",
            P::ApiKeysIssue => "api_keys.issue",
            P::ApiKeysRevoke => "api_keys.revoke",
            P::AuditRead => "audit.read",
            P::PoliciesWrite => "policies.write",
            P::TenantsManage => "tenants.manage",
            P::MetricsRead => "metrics.read",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as people read it. Whoever changes a line changes it here, too, on purpose.
    #[test]
    fn who_may_do_what() {
        let lines: Vec<String> = Permission::all()
            .map(|permission| {
                let marks = Role::ALL.map(|role| if role.may(permission) { 'x' } else { '-' });
                format!("{:<15} {}", permission.name(), String::from_iter(marks))
            })
            .collect();
        let wanted = "\
products.read   xxxxxxx
products.write  xx----x
stock.read      xxxx--x
stock.move      xx----x
orders.read     xxxxxxx
keys.read       xxxxxxx
overview.read   xxxx--x
orders.place    xx--xxx
prices.set      x-----x
orders.cancel   xxx-xxx
orders.ship     xx----x
orders.receive  xxx-xxx
payments.start  xx--xxx
payments.query  xxx---x
refunds.start   xxx---x
refunds.approve xx-----
refunds.limits  x------
reviews.read    xxxx--x
reviews.resolve xxx----
channels.read   xxxx--x
channels.switch xx-----
members.read    xxxx--x
members.write   xx----x
members.recover xx----x
staff.read      x--x---
staff.write     x------
api_keys.read   x--x---
api_keys.issue  x------
api_keys.revoke x------
audit.read      x--x---
policies.write  x------
tenants.manage  x------
metrics.read    x--x---";
        assert_eq!(lines.join("\n"), wanted, "the columns: {:?}", Role::ALL.map(Role::name));
    }

    /// An auditor looks, and changes nothing: every permission of theirs is one to read.
    #[test]
    fn an_auditor_only_looks() {
        for permission in Permission::all().filter(|permission| Role::Auditor.may(*permission)) {
            assert_eq!(permission.name().split_once('.').map(|(_, does)| does), Some("read"));
        }
    }

    /// Who touches only their own things has no permission over people, and none that names prices.
    #[test]
    fn a_shopper_has_no_power_over_others() {
        for role in Role::ALL.into_iter().filter(|role| role.reach() == Reach::Own) {
            let has: Vec<_> =
                Permission::all().filter(|permission| role.may(*permission)).map(Permission::name).collect();
            let wanted = [
                "products.read",
                "orders.read",
                "keys.read",
                "orders.place",
                "orders.cancel",
                "orders.receive",
                "payments.start",
            ];
            assert_eq!(has, wanted, "{}", role.name());
        }
    }

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert_eq!(Role::from_name("root"), None);
    }
}
