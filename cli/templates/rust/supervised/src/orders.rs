//! What has nothing to do with isolates.

use std::fmt;

/// Nobody sells this.
#[derive(Debug, PartialEq)]
pub struct Unknown(String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody sells {}", self.0)
    }
}

pub fn price(order: &str) -> Result<i64, Unknown> {
    match order {
        "bread" => Ok(2),
        "wine" => Ok(7),
        other => Err(Unknown(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sold_has_a_price() {
        assert_eq!(price("wine"), Ok(7));
        let unknown = price("a horse").unwrap_err();
        assert_eq!(unknown.to_string(), "nobody sells a horse");
    }
}
