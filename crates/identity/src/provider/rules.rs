//! Owns which role a group at the provider gives here. It does not know what a role may do.

/// The role of each group, in order: the first line that names a group of somebody decides, whatever order the provider
/// tells them in.
///
/// Groups are compared letter by letter. `Admins` and `admins` may be two groups there, and one of them ours.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    role_of_group: Vec<(String, String)>,
    default: Option<String>,
}

impl Rules {
    /// Lines of a group and its role, and the role of whoever is in none of these groups; without one, such a person has no
    /// role and is not let in.
    pub fn new(role_of_group: Vec<(String, String)>, default: Option<String>) -> Self {
        Self { role_of_group, default }
    }

    /// The role of somebody in these groups.
    pub fn role(&self, groups: &[String]) -> Option<&str> {
        let named = self.role_of_group.iter().find(|(group, _)| groups.contains(group));
        named.map(|(_, role)| role).or(self.default.as_ref()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_decides() {
        let lines = [("owners", "admin"), ("cn=Desk,dc=test", "support"), ("everybody", "auditor")];
        let lines: Vec<_> = lines.iter().map(|(group, role)| ((*group).to_owned(), (*role).to_owned())).collect();
        let strict = Rules::new(lines.clone(), None);
        let open = Rules::new(lines, Some("shopper".to_owned()));
        for (groups, without_default, with_default) in [
            (&["owners"][..], Some("admin"), Some("admin")),
            (&["everybody", "cn=Desk,dc=test"], Some("support"), Some("support")),
            (&["everybody", "cn=Desk,dc=test", "owners"], Some("admin"), Some("admin")),
            (&["Owners"], None, Some("shopper")),
            (&["owners "], None, Some("shopper")),
            (&["owner", "ownerss"], None, Some("shopper")),
            (&[], None, Some("shopper")),
        ] {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            assert_eq!(strict.role(&groups), without_default, "{groups:?}");
            assert_eq!(open.role(&groups), with_default, "{groups:?}");
        }
        assert_eq!(Rules::default().role(&["owners".to_owned()]), None);
    }
}
