//! What has nothing to do with isolates.

pub fn louder(text: &str) -> String {
    format!("{}!", text.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::louder;

    #[test]
    fn a_text_gets_louder() {
        assert_eq!(louder("hello"), "HELLO!");
    }
}
