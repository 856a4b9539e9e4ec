//! Owns who buys in the demo's shop: members with a name, and customers that only the merchant's own books know. None of them has
//! a password, so that nobody can log in as one.

use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Caller, Policy, Request, Target, spread};

/// What they would log in with, and what they are called.
const MEMBERS: &[(&str, &str)] = &[
    ("wang.fang", "Wang Fang 王芳"),
    ("li.na", "Li Na 李娜"),
    ("zhang.wei", "Zhang Wei 张伟"),
    ("liu.yang", "Liu Yang 刘洋"),
    ("chen.jing", "Chen Jing 陈静"),
    ("yang.min", "Yang Min 杨敏"),
    ("zhao.lei", "Zhao Lei 赵磊"),
    ("huang.ying", "Huang Ying 黄颖"),
    ("zhou.tao", "Zhou Tao 周涛"),
    ("wu.xia", "Wu Xia 吴霞"),
    ("xu.jun", "Xu Jun 徐军"),
    ("sun.li", "Sun Li 孙丽"),
    ("ma.chao", "Ma Chao 马超"),
    ("zhu.lin", "Zhu Lin 朱琳"),
    ("hu.jie", "Hu Jie 胡杰"),
    ("guo.yan", "Guo Yan 郭艳"),
    ("ouyang.xue", "Ouyang Xue 欧阳雪"),
    ("emily.carter", "Emily Carter"),
    ("james.oconnor", "James O'Connor"),
    ("sofia.rossi", "Sofia Rossi"),
    ("lukas.weber", "Lukas Weber"),
    ("chloe.martin", "Chloé Martin"),
    ("hiroshi.tanaka", "Hiroshi Tanaka 田中浩"),
    ("kim.minji", "Kim Min-ji 김민지"),
    ("priya.sharma", "Priya Sharma"),
    ("mateo.garcia", "Mateo García"),
];
/// The merchant's own names for the others.
const OTHERS: &[&str] = &[
    "gao.peng",
    "lin.xiaoyu",
    "he.rui",
    "luo.dan",
    "liang.bo",
    "song.qi",
    "tang.mei",
    "deng.hao",
    "han.bing",
    "feng.yu",
    "cao.ning",
    "peng.fei",
    "olga.petrova",
    "noah.williams",
    "amelie.dubois",
    "jan.novak",
    "ingrid.berg",
    "ali.hassan",
    "lucy.nguyen",
    "tom.baker",
];
/// One order in so many is of the one who stands first, who is a member with a log-in; and one of the second.
const KNOWN_EACH: usize = 20;
const LANES: usize = 8;

/// Who buys, by what orders know them by.
#[derive(Clone, Debug)]
pub struct Customers {
    /// Members that can log in.
    known: Vec<String>,
    others: Vec<String>,
}

#[derive(Deserialize)]
struct Person {
    person_id: String,
}

impl Customers {
    /// Adds those who are members, beside these members.
    pub async fn add(target: &Arc<Target>, known: Vec<String>) -> anyhow::Result<Self> {
        let ids = std::cell::RefCell::new(vec![String::new(); MEMBERS.len()]);
        let add = async |caller: &mut Caller, place: usize, (login, name): &(&str, &str)| {
            let body = json!({"login": login, "name": name});
            let request = Request::post("/api/v1/members", &format!("demo-customer-{login}"), &body);
            let person: Person = caller.ask(&request).await.with_context(|| format!("adding {login}"))?.read()?;
            ids.borrow_mut()[place] = person.person_id;
            anyhow::Ok(())
        };
        spread(MEMBERS, LANES, || Caller::new(target.clone(), Policy::default()), add).await?;
        let others = ids.into_inner().into_iter().chain(OTHERS.iter().map(ToString::to_string)).collect();
        Ok(Self { known, others })
    }

    /// Whose the order of this number is.
    pub fn of(&self, number: usize) -> &str {
        match self.known.get(number % KNOWN_EACH) {
            Some(known) => known,
            None => &self.others[number % self.others.len()],
        }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.known.len() + self.others.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Customers, MEMBERS, OTHERS};

    #[test]
    fn several_dozen_buy_and_so_do_those_who_can_log_in() {
        let others: Vec<String> =
            MEMBERS.iter().map(|(login, _)| *login).chain(OTHERS.iter().copied()).map(Into::into).collect();
        let customers = Customers { known: vec!["anna".into(), "bert".into()], others };
        let buyers: Vec<_> = (0..300).map(|number| customers.of(number)).collect();
        for who in ["anna", "bert"] {
            assert!(buyers.iter().filter(|buyer| **buyer == who).count() >= 10, "{who}");
        }
        assert_eq!(buyers.iter().collect::<HashSet<_>>().len(), customers.count(), "everybody buys");
        assert!(customers.count() >= 36);
        let nobody = Customers { known: Vec::new(), ..customers };
        assert_eq!(nobody.of(0), "wang.fang");
    }
}
