//! Owns who a guest became, for good, and the questions that tell what somebody began while they had no name.

use domain::{OrderNo, PersonId, PrincipalId, TenantId, Timestamp};
use sea_orm::ConnectionTrait as _;

use crate::dialect::Batch;
use crate::found::{Fields, Stored};
use crate::rows::{Column, PersonRow};
use crate::sessions::find;
use crate::set::{self, Find, Rows, Write, number, row};
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "looking for what a guest began";
/// Of how many guests a person is told: each is one more question where their orders are listed.
const GUESTS_MAX: u64 = 50;

const LINK: &[set::Column] =
    &[number("tenant_id"), number("guest_principal_id"), number("principal_id"), number("linked_at")];

static NEW: Write = Write::insert("guest_links", LINK);
pub(crate) static FORGOTTEN: Write = Write::delete("guest_links", LinkRow::FIND.key);

/// Who a guest became; all that is asked is whether it is there.
struct LinkRow;

impl Stored for LinkRow {
    const FIND: &'static Find = &Find {
        table: "guest_links",
        key: &[number("tenant_id"), number("guest_principal_id")],
        unique: None,
        read: &[number("principal_id")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        fields.take::<i64>().map(|_| Self)
    }
}

/// The row that says who a guest is from now on; `None` where that is known. Two who log in as the same guest wait here for
/// each other, and the first has them.
pub(crate) async fn link(
    changes: &mut Batch,
    (tenant, guest): (TenantId, PrincipalId),
    became: PrincipalId,
    at: Timestamp,
) -> Result<Option<Rows>, Error> {
    let key = [tenant.0.into(), guest.0.into()];
    let held: Vec<PersonRow> = find(changes, PersonRow::FIND, key.to_vec()).await?;
    let known: Vec<LinkRow> = find(changes, LinkRow::FIND, key.to_vec()).await?;
    if held.is_empty() || !known.is_empty() {
        return Ok(None);
    }
    let mut rows = Rows::of(&NEW);
    rows.add(row![tenant.0, guest.0, became.0, at.0]);
    Ok(Some(rows))
}

/// Whether a guest `g` has an order in this table. The latest is asked for so that the index is walked: whether there is
/// any, PostgreSQL may look for in all rows.
pub(crate) fn bought(table: &str, tenant: i64) -> String {
    format!(
        "(select o.created_at from {table} o where o.tenant_id = {tenant} and o.customer_id = g.public_id \
         order by o.created_at desc limit 1) is not null"
    )
}

impl Store {
    /// The guests who a person was, the last first: that one and these, for what may still be on its way, and those that
    /// bought something.
    pub async fn guests_of(
        &self,
        (tenant, principal): (TenantId, PrincipalId),
        these: &[PrincipalId],
    ) -> Result<Vec<(PrincipalId, PersonId)>, Error> {
        // Nobody has the number nought; without it an empty list would be no SQL.
        let these: Vec<_> = these.iter().map(|guest| guest.0).chain([0]).map(|id| id.to_string()).collect();
        let sql = format!(
            "select l.guest_principal_id, g.public_id from guest_links l \
             join people g on g.tenant_id = l.tenant_id and g.principal_id = l.guest_principal_id \
             where l.tenant_id = {0} and l.principal_id = {1} and (l.linked_at = (select max(n.linked_at) \
                from guest_links n where n.tenant_id = {0} and n.principal_id = {1}) \
             or l.guest_principal_id in ({4}) or {2} or {3}) order by l.linked_at desc, l.guest_principal_id desc limit {GUESTS_MAX}",
            tenant.0,
            principal.0,
            bought("orders", tenant.0),
            bought("archived_orders", tenant.0),
            these.join(", "),
        );
        let rows = soon(DOING, self.lister.query_all_raw(self.bound(&sql, &[]))).await?;
        let guest = |row: &sea_orm::QueryResult| {
            let (principal, id): (i64, String) =
                (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
            let column = Column { table: "people", row: &id };
            Ok((PrincipalId(principal), column.parse("public_id", &id)?))
        };
        rows.iter().map(guest).collect()
    }

    /// To whom an order's number was issued, whether it was used or not.
    pub async fn order_number_of(&self, tenant: TenantId, order_no: OrderNo) -> Result<Option<PrincipalId>, Error> {
        let number = order_no.to_string();
        for table in ["order_numbers", "orders"] {
            let sql = format!("select principal_id from {table} where tenant_id = {} and order_no = {{}}", tenant.0);
            let row = soon(DOING, self.lister.query_one_raw(self.bound(&sql, &[&number]))).await?;
            if let Some(row) = row {
                return Ok(Some(PrincipalId(row.try_get_by_index(0).doing(DOING)?)));
            }
        }
        Ok(None)
    }
}
