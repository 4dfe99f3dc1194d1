//! A small routing without a store, and files made to order.

use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom};

use denmark::Decimal;
use jiff::civil::Date;
use payout::message::{
    Agent, BlockHead, Chunk, CompletedFile, CutError, Cutter, Fault, FileHead, Output, Part, Payment, Version,
    parse_payment, write_payment, write_removed,
};

pub const IBAN: &str = "DK5000400440116243";
pub const BIC: &str = "NDEADKKK";
pub const MEMBER: &str = "0040";

/// What is to become of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Keep,
    Drop,
    CompleteByBic,
    CompleteByMember,
}

/// What came out.
#[derive(Debug, PartialEq, Eq)]
pub struct Routed {
    /// The completed file; `None` if no payment is left.
    pub completed: Option<Vec<u8>>,
    pub payments: u64,
    pub kept: u64,
    /// Everything that was cut, in order: the file itself.
    pub cut: Vec<u8>,
}

/// What is known of a file that was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub fault: Fault,
    pub version: Option<Version>,
    pub message_id: Option<String>,
}

/// Routes a file as the pipeline does, in one thread.
pub fn route(
    file: &[u8],
    payments_per_chunk: usize,
    new_message_id: Option<&str>,
    decide: impl FnMut(u64, &Payment<'_>) -> Decision,
) -> Result<Routed, Refused> {
    route_on(None, file, payments_per_chunk, new_message_id, decide)
}

/// The same, to be carried out on some day.
pub fn route_on(
    day: Option<Date>,
    file: &[u8],
    payments_per_chunk: usize,
    new_message_id: Option<&str>,
    mut decide: impl FnMut(u64, &Payment<'_>) -> Decision,
) -> Result<Routed, Refused> {
    let mut cutter = Cutter::new(file, payments_per_chunk);
    let mut completed = CompletedFile::new(Output::file(tempfile::tempfile().unwrap()));
    let mut cut = Vec::new();
    let mut payments = 0;
    let (mut kept, mut sum) = (0, Decimal::ZERO);
    let (mut block_kept, mut block_sum) = (0, Decimal::ZERO);
    let mut block = None;
    loop {
        let chunk = match cutter.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) => return Err(refused(&cutter, error)),
        };
        assert_contiguous(&chunk, cut.len(), payments);
        cut.extend_from_slice(&chunk.bytes);
        for part in &chunk.parts {
            match part {
                Part::FileHead { span, head } => {
                    completed.begin_file(&chunk.bytes[span.clone()], head, new_message_id).unwrap();
                }
                Part::BlockHead { span, head } => {
                    completed.begin_block(&chunk.bytes[span.clone()], head, day).unwrap();
                    block = Some(head.clone());
                    (block_kept, block_sum) = (0, Decimal::ZERO);
                }
                Part::Payment { span, start } => {
                    let bytes = &chunk.bytes[span.clone()];
                    let context = &block.as_ref().unwrap().context;
                    let payment = match parse_payment(bytes, *start, chunk.offset + span.start as u64, context) {
                        Ok(payment) => payment,
                        Err(fault) => return Err(refused(&cutter, CutError::Fault(fault))),
                    };
                    let mut out = Vec::new();
                    let decision = decide(payments, &payment);
                    match decision {
                        Decision::Keep => write_payment(&mut out, bytes, &payment, None),
                        Decision::Drop => write_removed(&mut out, bytes, *start),
                        Decision::CompleteByBic => {
                            write_payment(&mut out, bytes, &payment, Some((Agent::Bic(BIC), IBAN)));
                        }
                        Decision::CompleteByMember => {
                            write_payment(&mut out, bytes, &payment, Some((Agent::Member(MEMBER), IBAN)));
                        }
                    }
                    completed.payments(&out).unwrap();
                    payments += 1;
                    if decision != Decision::Drop {
                        block_kept += 1;
                        block_sum = block_sum.checked_add(payment.amount.unwrap_or(Decimal::ZERO)).unwrap();
                    }
                }
                Part::BlockTail { span } => {
                    let stays = completed.end_block(&chunk.bytes[span.clone()], block_kept, block_sum).unwrap();
                    assert_eq!(stays, block_kept > 0);
                    kept += block_kept;
                    sum = sum.checked_add(block_sum).unwrap();
                }
                Part::FileTail { span } => completed.end_file(&chunk.bytes[span.clone()], kept, sum).unwrap(),
            }
        }
        cutter.recycle(chunk);
    }
    assert_eq!(cutter.payments(), payments);
    let mut completed = completed.end().unwrap().into_file().unwrap();
    let mut bytes = Vec::new();
    completed.seek(SeekFrom::Start(0)).unwrap();
    completed.read_to_end(&mut bytes).unwrap();
    Ok(Routed { completed: (kept > 0).then_some(bytes), payments, kept, cut })
}

fn refused<R: Read>(cutter: &Cutter<R>, error: CutError) -> Refused {
    let CutError::Fault(fault) = error else { panic!("{error}") };
    Refused { fault, version: cutter.version(), message_id: cutter.message_id().map(str::to_owned) }
}

fn assert_contiguous(chunk: &Chunk, offset: usize, payments: u64) {
    assert_eq!(chunk.offset, offset as u64);
    assert_eq!(chunk.first_payment, payments);
    let mut at = 0;
    let mut count = 0;
    for part in &chunk.parts {
        let span = match part {
            Part::FileHead { span, .. }
            | Part::BlockHead { span, .. }
            | Part::BlockTail { span }
            | Part::FileTail { span } => span,
            Part::Payment { span, start } => {
                count += 1;
                assert_eq!(chunk.bytes[span.start + start], b'<');
                span
            }
        };
        assert_eq!(span.start, at, "parts leave no gap");
        at = span.end;
    }
    assert_eq!(at, chunk.bytes.len());
    assert_eq!(count, chunk.payments);
}

/// Reads a file to its end and changes nothing.
pub fn pass(file: &[u8]) -> Result<Routed, Refused> {
    route(file, 7, None, |_, _| Decision::Keep)
}

/// The heads of a file that is as it should be.
pub fn heads(file: &[u8]) -> (FileHead, Vec<BlockHead>) {
    let mut cutter = Cutter::new(file, 1000);
    let mut file_head = None;
    let mut blocks = Vec::new();
    while let Some(chunk) = cutter.next_chunk().unwrap() {
        for part in &chunk.parts {
            match part {
                Part::FileHead { head, .. } => file_head = Some(FileHead::clone(head)),
                Part::BlockHead { head, .. } => blocks.push(BlockHead::clone(head)),
                _ => {}
            }
        }
    }
    (file_head.unwrap(), blocks)
}

/// A payment made to order.
#[derive(Clone, Debug)]
pub struct PaymentSpec {
    /// White space, comments and processing instructions before it.
    pub lead: String,
    pub number: usize,
    pub has_instruction_id: bool,
    pub ore: u64,
    pub is_equivalent: bool,
    pub benefit: Option<&'static str>,
    pub is_cheque: bool,
    pub has_agent: bool,
    pub has_agent_account: bool,
    pub payee: &'static str,
    pub has_account: bool,
    /// Raw content of `Ustrd` elements.
    pub remittance: Vec<&'static str>,
    pub supplementary: Option<&'static str>,
    /// The element declares the namespace once more, under this prefix, and uses it.
    pub own_prefix: bool,
    pub decision: Decision,
}

/// A block made to order.
#[derive(Clone, Debug)]
pub struct BlockSpec {
    pub lead: String,
    pub declares_count: bool,
    pub sum_style: Option<SumStyle>,
    pub payments: Vec<PaymentSpec>,
    pub tail: String,
}

/// How a sum is written.
#[derive(Clone, Copy, Debug)]
pub enum SumStyle {
    TwoDecimals,
    Shortest,
    FiveDecimals,
    LeadingZeros,
    Padded,
}

impl SumStyle {
    pub fn write(self, ore: u64) -> String {
        let (whole, ore) = (ore / 100, ore % 100);
        match self {
            Self::TwoDecimals => format!("{whole}.{ore:02}"),
            Self::Shortest if ore == 0 => format!("{whole}"),
            Self::Shortest => format!("{whole}.{ore:02}").trim_end_matches('0').to_owned(),
            Self::FiveDecimals => format!("{whole}.{ore:02}000"),
            Self::LeadingZeros => format!("+000{whole}.{ore:02}"),
            Self::Padded => format!("\n {whole}.{ore:02} "),
        }
    }
}

/// A file made to order.
#[derive(Clone, Debug)]
pub struct FileSpec {
    pub version: Version,
    pub prefix: &'static str,
    pub prolog: &'static str,
    /// Between the elements inside a payment.
    pub gap: &'static str,
    pub sum_style: Option<SumStyle>,
    pub blocks: Vec<BlockSpec>,
    pub epilog: &'static str,
}

/// Where counts and sums of a rendered file come from: block index (`None` for the file), what was declared.
pub type Numbers<'n> = dyn Fn(Option<usize>, u64, u64) -> (String, String) + 'n;

impl FileSpec {
    fn name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}:{name}", self.prefix) }
    }

    fn element(&self, name: &str, content: &str) -> String {
        let name = self.name(name);
        format!("<{name}>{content}</{name}>")
    }

    /// The file as a payer sends it.
    pub fn input(&self) -> String {
        let count = |block: Option<usize>| match block {
            None => self.blocks.iter().map(|block| block.payments.len()).sum::<usize>(),
            Some(index) => self.blocks[index].payments.len(),
        };
        let declare = |block: Option<usize>, _: u64, ore: u64| {
            let style = block.map_or(self.sum_style, |index| self.blocks[index].sum_style);
            (count(block).to_string(), style.unwrap_or(SumStyle::Shortest).write(ore))
        };
        self.render(false, &declare)
    }

    /// The file as it is to come out, with counts and sums as given.
    pub fn output(&self, numbers: &Numbers<'_>) -> String {
        self.render(true, numbers)
    }

    pub fn kept(&self) -> usize {
        self.blocks.iter().map(BlockSpec::kept).sum()
    }

    fn render(&self, routed: bool, numbers: &Numbers<'_>) -> String {
        let mut out = self.prolog.to_owned();
        let namespace = self.version.namespace();
        let colon = if self.prefix.is_empty() { "" } else { ":" };
        let totals: Vec<(u64, u64)> = self.blocks.iter().map(|block| block.totals(routed)).collect();
        let (count, ore) = totals.iter().fold((0, 0), |(count, ore), total| (count + total.0, ore + total.1));
        let (count, sum) = numbers(None, count, ore);
        write!(out, "<{} xmlns{colon}{}=\"{namespace}\">", self.name("Document"), self.prefix).unwrap();
        write!(out, "{}<{}>", self.gap, self.name("CstmrCdtTrfInitn")).unwrap();
        let mut header = self.element("MsgId", "MSG &amp; 1");
        header += &self.element("CreDtTm", "2026-04-19T08:00:00Z");
        header += &self.element("NbOfTxs", &count);
        if self.sum_style.is_some() {
            header += &self.element("CtrlSum", &sum);
        }
        header += &self.element("InitgPty", &self.element("Nm", "Udbetaling Danmark (test)"));
        out += &self.element("GrpHdr", &header);
        for (index, block) in self.blocks.iter().enumerate() {
            let (count, ore) = totals[index];
            let lead = if index == 0 { block.lead.trim_end() } else { &block.lead };
            if routed && count == 0 {
                // The lead of the first block belongs to the head of the file.
                out += if index == 0 { lead } else { lead.trim_end() };
                continue;
            }
            out += lead;
            let (count, sum) = numbers(Some(index), count, ore);
            out += &self.block(index, block, routed, &count, &sum);
        }
        write!(out, "{}</{}></{}>", self.gap, self.name("CstmrCdtTrfInitn"), self.name("Document")).unwrap();
        out + self.epilog
    }

    fn block(&self, index: usize, block: &BlockSpec, routed: bool, count: &str, sum: &str) -> String {
        let mut out = self.element("PmtInfId", &format!("BLOCK-{index}"));
        out += &self.element("PmtMtd", "TRF");
        if block.declares_count {
            out += &self.element("NbOfTxs", count);
        }
        if block.sum_style.is_some() {
            out += &self.element("CtrlSum", sum);
        }
        out += self.gap;
        let date = match self.version {
            Version::V03 => "2026-04-26".to_owned(),
            Version::V09 => self.element("Dt", "2026-04-26"),
        };
        out += &self.element("ReqdExctnDt", &date);
        out += &self.element("Dbtr", &self.element("Nm", "Udbetaling Danmark (test)"));
        out += &self.element("DbtrAcct", &self.element("Id", &self.element("IBAN", IBAN)));
        out += &self.element("DbtrAgt", &self.element("FinInstnId", &self.element(self.bic(), BIC)));
        for payment in &block.payments {
            match (routed, payment.decision) {
                (true, Decision::Drop) => out += payment.lead.trim_end(),
                (_, decision) => {
                    out += &payment.lead;
                    out += &self.payment(payment, if routed { decision } else { Decision::Keep });
                }
            }
        }
        out += &block.tail;
        self.element("PmtInf", &out)
    }

    fn bic(&self) -> &'static str {
        match self.version {
            Version::V03 => "BIC",
            Version::V09 => "BICFI",
        }
    }

    fn payment(&self, payment: &PaymentSpec, decision: Decision) -> String {
        if payment.own_prefix {
            let inner = Self { prefix: "own", ..self.clone() };
            let name = inner.name("CdtTrfTxInf");
            let namespace = self.version.namespace();
            return format!("<{name} xmlns:own='{namespace}'>{}</{name}>", inner.payment_content(payment, decision));
        }
        self.element("CdtTrfTxInf", &self.payment_content(payment, decision))
    }

    fn payment_content(&self, payment: &PaymentSpec, decision: Decision) -> String {
        let gap = self.gap;
        let mut out = gap.to_owned();
        let mut id = String::new();
        if payment.has_instruction_id {
            id += &self.element("InstrId", &format!("I&#45;{}", payment.number));
        }
        id += &self.element("EndToEndId", &format!("E2E-{}", payment.number));
        out += &self.element("PmtId", &id);
        if let Some(benefit) = payment.benefit {
            let purpose = self.element("CtgyPurp", &self.element("Prtry", benefit));
            out += &self.element("PmtTpInf", &purpose);
        }
        out += gap;
        let (whole, ore) = (payment.ore / 100, payment.ore % 100);
        if payment.is_equivalent {
            let amount = format!("<{0} Ccy='DKK' >{whole}.{ore:02}</{0} >", self.name("Amt"));
            let inner = self.element("EqvtAmt", &(amount + &self.element("CcyOfTrf", "EUR")));
            out += &self.element("Amt", &inner);
        } else {
            let amount = format!("<{0} Ccy=\"DKK\">{whole}.{ore:02}</{0}>", self.name("InstdAmt"));
            out += &self.element("Amt", &amount);
        }
        if payment.is_cheque {
            out += &self.element("ChqInstr", &self.element("ChqTp", "CCHQ"));
        }
        out += gap;
        let account = self.element("Id", &self.element("IBAN", IBAN));
        let (agent, completed) = match decision {
            Decision::CompleteByBic => (Some(self.element(self.bic(), BIC)), true),
            Decision::CompleteByMember => (Some(self.element("ClrSysMmbId", &self.element("MmbId", MEMBER))), true),
            _ => (payment.has_agent.then(|| self.element(self.bic(), "DABADKKK")), false),
        };
        if let Some(agent) = agent {
            out += &self.element("CdtrAgt", &self.element("FinInstnId", &agent));
        }
        if payment.has_agent_account {
            // The gap before it stays where the account is taken out.
            out += if payment.has_agent { gap } else { "" };
            if !completed {
                out += &self.element("CdtrAgtAcct", &account);
            }
            out += gap;
        }
        let payee = self.element("Id", &payment.payee.replace("</", "</\0").replace('<', "<\0"));
        let colon = if self.prefix.is_empty() { String::new() } else { format!("{}:", self.prefix) };
        let payee = payee.replace("<\0/\0", &format!("</{colon}")).replace("<\0", &format!("<{colon}"));
        out += &self.element("Cdtr", &(self.element("Nm", "Søren Prøve") + &payee));
        if payment.has_account || completed {
            out += &self.element("CdtrAcct", &account);
        }
        out += gap;
        let remittance: String = payment.remittance.iter().map(|text| self.element("Ustrd", text)).collect();
        out += &self.element("RmtInf", &remittance);
        if let Some(envelope) = payment.supplementary {
            out += &self.element("SplmtryData", &self.element("Envlp", envelope));
        }
        out + gap
    }
}

impl BlockSpec {
    fn kept(&self) -> usize {
        self.payments.iter().filter(|payment| payment.decision != Decision::Drop).count()
    }

    fn totals(&self, routed: bool) -> (u64, u64) {
        let counted = self.payments.iter().filter(|payment| !routed || payment.decision != Decision::Drop);
        counted.fold((0, 0), |(count, ore), payment| (count + 1, ore + payment.ore))
    }
}

impl FileSpec {
    /// What the counts and sums of the output are to be worth: the file's, then each block's that is left.
    pub fn totals(&self) -> ((u64, u64), Vec<(u64, u64)>) {
        let blocks: Vec<_> = self.blocks.iter().map(|block| block.totals(true)).collect();
        let all = blocks.iter().fold((0, 0), |(count, ore), block| (count + block.0, ore + block.1));
        (all, blocks)
    }
}
