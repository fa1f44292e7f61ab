//! The constants of a configuration, as words `NAME=VALUE`: a number, TRUE or FALSE, or the elements of a set of
//! strings with commas between them.

use std::collections::HashMap;

/// Ends the program, as it was asked for something that it does not have.
pub fn refuse(complaint: String) -> ! {
    eprintln!("twins: {complaint}");
    std::process::exit(2)
}

pub struct Constants(HashMap<String, String>);

impl Constants {
    pub fn of(words: impl Iterator<Item = String>) -> Constants {
        let pairs = words.map(|word| match word.split_once('=') {
            Some((name, value)) => (name.to_string(), value.to_string()),
            None => refuse(format!("{word} is not NAME=VALUE")),
        });
        Constants(pairs.collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| refuse(format!("the constant {name} is missing")))
    }

    pub fn number(&self, name: &str) -> u8 {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| refuse(format!("{name}={text} is no number from 0 to 255")))
    }

    pub fn flag(&self, name: &str) -> bool {
        match self.text(name) {
            "TRUE" => true,
            "FALSE" => false,
            text => refuse(format!("{name}={text} is neither TRUE nor FALSE")),
        }
    }

    /// Whether a set of strings has this element.
    pub fn contains(&self, name: &str, element: &str) -> bool {
        self.text(name).split(',').any(|each| each == element)
    }

    /// The twin is written for this value only.
    pub fn must_be(&self, name: &str, value: impl ToString) {
        let (text, value) = (self.text(name), value.to_string());
        if text != value {
            refuse(format!("{name}={text}, and the twin is written for {name}={value}"));
        }
    }

    /// The twin leaves out what would happen without these guards.
    pub fn must_guard(&self, names: &[&str]) {
        for name in names {
            self.must_be(name, "TRUE");
        }
    }
}
