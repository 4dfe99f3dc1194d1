//! The files of the registers: banks, people, companies.

use super::{CompanyFate, Fate, Nation};
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

    /// A field that may hold what separates fields.
    pub(super) fn field(&mut self, text: &str) -> &mut Self {
        if text.contains([',', '"', '\n', '\r']) {
            self.text("\"").text(&text.replace('"', "\"\"")).text("\"")
        } else {
            self.text(text)
        }
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
                lines.put(reg)?.text(",").field(bank.name).text(",");
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
            let person = self.person(index);
            let address = &person.address;
            lines.text(person.cpr.digits()).text(",").put(person.name)?.text(",");
            match address.floor {
                Some(floor) => {
                    lines.text("\"").text(address.street).text(" ").put(address.number)?;
                    lines.text(", ").put(floor)?.text("\"");
                }
                None => {
                    lines.text(address.street).text(" ").put(address.number)?;
                }
            }
            lines.text(",").text(address.postcode).text(",").text(address.city).text(",").text(address.country);
            match person.fate {
                Fate::Active => lines.text(",active,"),
                Fate::Dead { on } => lines.text(",dead,").put(on)?,
                Fate::Emigrated { on } => lines.text(",emigrated,").put(on)?,
            };
            lines.text(if person.is_protected { ",true" } else { ",false" }).end_line()?;
        }
        lines.finish()?;
        Ok(self.plan.people)
    }

    /// The company register, `cvr,name,status,status_date`. The date is of dissolution, and else empty. Returns the
    /// number of rows.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_companies(&self, out: &mut impl Write) -> io::Result<u64> {
        let mut lines = Lines::new(out);
        lines.text("cvr,name,status,status_date").end_line()?;
        for index in 0..self.plan.companies {
            let company = self.company(index);
            lines.text(company.cvr.digits()).text(",").field(&company.name);
            match company.fate {
                CompanyFate::Active => lines.text(",active,"),
                CompanyFate::Dissolved { on } => lines.text(",dissolved,").put(on)?,
            };
            lines.end_line()?;
        }
        lines.finish()?;
        Ok(self.plan.companies)
    }
}
