//! The files of the registers: banks, people, companies.

use super::{Address, Company, CompanyFate, Fate, Nation, Person};
use denmark::Cpr;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

/// Rows are handed on when so many bytes have gathered.
const GATHERED_BYTES: usize = 64 * 1024;

/// Lines on their way to a file, so that the caller need not buffer.
pub(super) struct Lines<W> {
    gathered: Vec<u8>,
    out: W,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W) -> Lines<W> {
        Lines { gathered: Vec::with_capacity(GATHERED_BYTES + 4096), out }
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.gathered.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn put(&mut self, value: impl Display) -> io::Result<&mut Self> {
        write!(self.gathered, "{value}")?;
        Ok(self)
    }

    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.gathered.push(b'\n');
        if self.gathered.len() >= GATHERED_BYTES {
            self.out.write_all(&self.gathered)?;
            self.gathered.clear();
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&self.gathered)?;
        self.out.flush()
    }
}

impl Person {
    /// What the population register says of them, as a row of its file.
    pub fn register_row(&self) -> String {
        let home = self.address.fields();
        let (status, date) = match self.fate {
            Fate::Active => ("active", String::new()),
            Fate::Dead { on } => ("dead", on.to_string()),
            Fate::Emigrated { on } => ("emigrated", on.to_string()),
        };
        let (cpr, name, is_protected) = (self.cpr.digits(), self.name, self.is_protected);
        format!("{cpr},{name},{home},{status},{date},{is_protected}")
    }
}

impl Address {
    /// As registers write it: address, postcode, city, country.
    fn fields(&self) -> String {
        let Self { street, number, floor, postcode, city, country } = self;
        let home = match floor {
            Some(floor) => format!("\"{street} {number}, {floor}\""),
            None => format!("{street} {number}"),
        };
        format!("{home},{postcode},{city},{country}")
    }
}

impl Company {
    /// What the company register says of it, as a row of its file.
    pub fn register_row(&self) -> String {
        let (status, date) = match self.fate {
            CompanyFate::Active => ("active", String::new()),
            CompanyFate::Dissolved { on } => ("dissolved", on.to_string()),
        };
        let (cvr, name, seat) = (self.cvr.digits(), quoted(&self.name), self.address.fields());
        let ways = self.signatories.iter().map(|way| way.iter().map(Cpr::digits).collect::<Vec<_>>().join("+"));
        format!("{cvr},{name},{status},{date},{seat},{}", ways.collect::<Vec<_>>().join(" "))
    }
}

/// A field, in quotes if it holds what separates fields.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

impl Nation {
    /// The bank directory, `reg,bank,bic,country`. Returns the number of rows.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_banks(&self, out: &mut impl Write) -> io::Result<u64> {
        let mut lines = Lines::new(out);
        lines.text("reg,bank,bic,country").end_line()?;
        let mut rows = 0;
        for bank in self.banks() {
            for reg in bank.regs() {
                lines.put(reg)?.text(",").text(&quoted(bank.name)).text(",");
                lines.text(bank.bic.as_ref().map_or("", |bic| bic.as_str())).text(",").text(bank.country.code());
                lines.end_line()?;
                rows += 1;
            }
        }
        lines.finish()?;
        Ok(rows)
    }

    /// The population register, `cpr,name,address,postcode,city,country,status,status_date,protected`. The date is of
    /// death or emigration, and else empty. Returns the number of rows.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_population(&self, out: &mut impl Write) -> io::Result<u64> {
        let mut lines = Lines::new(out);
        lines.text("cpr,name,address,postcode,city,country,status,status_date,protected").end_line()?;
        for index in 0..self.plan.people {
            lines.text(&self.person(index).register_row()).end_line()?;
        }
        lines.finish()?;
        Ok(self.plan.people)
    }

    /// The company register, `cvr,name,status,status_date,address,postcode,city,country,signatories`. The date is of
    /// dissolution, and else empty. Returns the number of rows.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_companies(&self, out: &mut impl Write) -> io::Result<u64> {
        let mut lines = Lines::new(out);
        lines.text("cvr,name,status,status_date,address,postcode,city,country,signatories").end_line()?;
        for index in 0..self.plan.companies {
            lines.text(&self.company(index).register_row()).end_line()?;
        }
        lines.finish()?;
        Ok(self.plan.companies)
    }
}
