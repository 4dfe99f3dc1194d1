//! What the schemas of pain.001.001.03 and .09 say about every container that Anvis reads: names, order, occurrence.
//!
//! Constant tables and one engine ([`Frame`]) for all levels. What Anvis does not read is [`Content::Deep`]: any elements
//! of the message's namespace, well-formed.

use super::Version;
use super::xml::{QName, key};

/// What a reader wants to know an element by; [`Tag::None`] is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    None,
    /// Stands before the creditor agent in a payment.
    Earlier,
    Block,
    Payment,
    MessageId,
    Count,
    Sum,
    PaymentInfoId,
    Method,
    Date,
    DateTime,
    InstructionId,
    EndToEndId,
    CategoryProprietary,
    InstructedAmount,
    EquivalentAmount,
    TransferCurrency,
    Cheque,
    CreditorAgent,
    CreditorAgentAccount,
    Creditor,
    CreditorAccount,
    PrivateOther,
    OrganisationOther,
    Name,
    OtherId,
    SchemeCode,
    SchemeProprietary,
    Issuer,
    Unstructured,
    // What only messages of banks have: see `bank`.
    Message,
    Header,
    Return,
    ReturnId,
    GroupReturn,
    Total,
    OriginalMessageId,
    OriginalMessageName,
    OriginalAmount,
    OriginalDate,
    ReferenceAmount,
    ReturnedAmount,
    ReturnedInstructedAmount,
    SettlementDate,
    TransactionId,
    Uetr,
    Reason,
    ReasonCode,
    ReasonProprietary,
    ReasonText,
    Bic,
    Member,
    Iban,
    OtherAccount,
    UltimateCreditor,
    AssignmentId,
    CaseId,
    Confirmation,
    Details,
    Group,
    PaymentAnswer,
    GroupStatus,
    BlockStatus,
    PaymentStatus,
    CancellationId,
    ResolutionAmount,
    ResolutionDate,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Text only.
    Text,
    /// Text with an attribute `Ccy`.
    Amount,
    /// Known elements.
    Node(&'static Model),
    /// Elements that Anvis does not read.
    Deep,
    /// Elements of any namespace.
    Any,
}

#[derive(Debug)]
pub(super) struct Element {
    pub name: &'static str,
    /// The name as [`key`] has it.
    key: u128,
    pub min: u8,
    pub max: u8,
    pub content: Content,
    pub tag: Tag,
}

#[derive(Debug)]
pub(super) struct Model {
    pub choice: bool,
    pub children: &'static [Element],
}

/// Any number of times.
pub(super) const MANY: u8 = u8::MAX;

pub(super) const fn one(name: &'static str, content: Content, tag: Tag) -> Element {
    Element { name, key: key(name.as_bytes()), min: 1, max: 1, content, tag }
}

pub(super) const fn maybe(name: &'static str, content: Content, tag: Tag) -> Element {
    Element { name, key: key(name.as_bytes()), min: 0, max: 1, content, tag }
}

pub(super) const fn some(name: &'static str, content: Content, tag: Tag) -> Element {
    Element { name, key: key(name.as_bytes()), min: 1, max: MANY, content, tag }
}

pub(super) const fn up_to(max: u8, name: &'static str, content: Content, tag: Tag) -> Element {
    Element { name, key: key(name.as_bytes()), min: 0, max, content, tag }
}

pub(super) const fn sequence(children: &'static [Element]) -> Model {
    Model { choice: false, children }
}

pub(super) const fn choice(children: &'static [Element]) -> Model {
    Model { choice: true, children }
}

use Content::{Amount, Any, Deep, Node, Text};

pub(super) static CODE: Model = choice(&[one("Cd", Text, Tag::None), one("Prtry", Text, Tag::None)]);
static CATEGORY: Model = choice(&[one("Cd", Text, Tag::None), one("Prtry", Text, Tag::CategoryProprietary)]);
static SCHEME: Model = choice(&[one("Cd", Text, Tag::SchemeCode), one("Prtry", Text, Tag::SchemeProprietary)]);
static OTHER: Model = sequence(&[
    one("Id", Text, Tag::OtherId),
    maybe("SchmeNm", Node(&SCHEME), Tag::None),
    maybe("Issr", Text, Tag::Issuer),
]);
static PRIVATE: Model =
    sequence(&[maybe("DtAndPlcOfBirth", Deep, Tag::None), up_to(MANY, "Othr", Node(&OTHER), Tag::PrivateOther)]);
static AGENT: Model = sequence(&[one("FinInstnId", Deep, Tag::None), maybe("BrnchId", Deep, Tag::None)]);
pub(super) static MEMBER: Model =
    sequence(&[maybe("ClrSysId", Node(&CODE), Tag::None), one("MmbId", Text, Tag::Member)]);
static INSTITUTION_V03: Model = sequence(&[
    maybe("BIC", Text, Tag::Bic),
    maybe("ClrSysMmbId", Node(&MEMBER), Tag::None),
    maybe("Nm", Text, Tag::None),
    maybe("PstlAdr", Deep, Tag::None),
    maybe("Othr", Deep, Tag::None),
]);
pub(super) static INSTITUTION_V09: Model = sequence(&[
    maybe("BICFI", Text, Tag::Bic),
    maybe("ClrSysMmbId", Node(&MEMBER), Tag::None),
    maybe("LEI", Text, Tag::None),
    maybe("Nm", Text, Tag::None),
    maybe("PstlAdr", Deep, Tag::None),
    maybe("Othr", Deep, Tag::None),
]);
static DEBTOR_AGENT_V03: Model =
    sequence(&[one("FinInstnId", Node(&INSTITUTION_V03), Tag::None), maybe("BrnchId", Deep, Tag::None)]);
static DEBTOR_AGENT_V09: Model =
    sequence(&[one("FinInstnId", Node(&INSTITUTION_V09), Tag::None), maybe("BrnchId", Deep, Tag::None)]);
pub(super) static AMOUNT: Model =
    choice(&[one("InstdAmt", Amount, Tag::InstructedAmount), one("EqvtAmt", Node(&EQUIVALENT_AMOUNT), Tag::None)]);
static EQUIVALENT_AMOUNT: Model =
    sequence(&[one("Amt", Amount, Tag::EquivalentAmount), one("CcyOfTrf", Text, Tag::TransferCurrency)]);
static REMITTANCE: Model =
    sequence(&[up_to(MANY, "Ustrd", Text, Tag::Unstructured), up_to(MANY, "Strd", Deep, Tag::None)]);
pub(super) static SUPPLEMENTARY: Model = sequence(&[maybe("PlcAndNm", Text, Tag::None), one("Envlp", Any, Tag::None)]);
pub(super) static EXECUTION_DATE_V09: Model = choice(&[one("Dt", Text, Tag::Date), one("DtTm", Text, Tag::DateTime)]);

static PAYMENT_ID_V03: Model =
    sequence(&[maybe("InstrId", Text, Tag::InstructionId), one("EndToEndId", Text, Tag::EndToEndId)]);
static PAYMENT_ID_V09: Model = sequence(&[
    maybe("InstrId", Text, Tag::InstructionId),
    one("EndToEndId", Text, Tag::EndToEndId),
    maybe("UETR", Text, Tag::None),
]);
static PAYMENT_TYPE_V03: Model = sequence(&[
    maybe("InstrPrty", Text, Tag::None),
    maybe("SvcLvl", Node(&CODE), Tag::None),
    maybe("LclInstrm", Node(&CODE), Tag::None),
    maybe("CtgyPurp", Node(&CATEGORY), Tag::None),
]);
static PAYMENT_TYPE_V09: Model = sequence(&[
    maybe("InstrPrty", Text, Tag::None),
    up_to(MANY, "SvcLvl", Node(&CODE), Tag::None),
    maybe("LclInstrm", Node(&CODE), Tag::None),
    maybe("CtgyPurp", Node(&CATEGORY), Tag::None),
]);
static ORGANISATION_V03: Model =
    sequence(&[maybe("BICOrBEI", Text, Tag::None), up_to(MANY, "Othr", Node(&OTHER), Tag::OrganisationOther)]);
static ORGANISATION_V09: Model = sequence(&[
    maybe("AnyBIC", Text, Tag::None),
    maybe("LEI", Text, Tag::None),
    up_to(MANY, "Othr", Node(&OTHER), Tag::OrganisationOther),
]);
static IDENTIFICATION_V03: Model =
    choice(&[one("OrgId", Node(&ORGANISATION_V03), Tag::None), one("PrvtId", Node(&PRIVATE), Tag::None)]);
static IDENTIFICATION_V09: Model =
    choice(&[one("OrgId", Node(&ORGANISATION_V09), Tag::None), one("PrvtId", Node(&PRIVATE), Tag::None)]);
static PARTY_V03: Model = sequence(&[
    maybe("Nm", Text, Tag::Name),
    maybe("PstlAdr", Deep, Tag::None),
    maybe("Id", Node(&IDENTIFICATION_V03), Tag::None),
    maybe("CtryOfRes", Text, Tag::None),
    maybe("CtctDtls", Deep, Tag::None),
]);
static PARTY_V09: Model = sequence(&[
    maybe("Nm", Text, Tag::Name),
    maybe("PstlAdr", Deep, Tag::None),
    maybe("Id", Node(&IDENTIFICATION_V09), Tag::None),
    maybe("CtryOfRes", Text, Tag::None),
    maybe("CtctDtls", Deep, Tag::None),
]);
static ACCOUNT_V03: Model = sequence(&[
    one("Id", Deep, Tag::None),
    maybe("Tp", Deep, Tag::None),
    maybe("Ccy", Text, Tag::None),
    maybe("Nm", Text, Tag::None),
]);
static ACCOUNT_V09: Model = sequence(&[
    one("Id", Deep, Tag::None),
    maybe("Tp", Deep, Tag::None),
    maybe("Ccy", Text, Tag::None),
    maybe("Nm", Text, Tag::None),
    maybe("Prxy", Deep, Tag::None),
]);

static OTHER_ACCOUNT: Model = sequence(&[
    one("Id", Text, Tag::OtherAccount),
    maybe("SchmeNm", Node(&CODE), Tag::None),
    maybe("Issr", Text, Tag::None),
]);
static ACCOUNT_ID: Model = choice(&[one("IBAN", Text, Tag::Iban), one("Othr", Node(&OTHER_ACCOUNT), Tag::None)]);
static CREDITOR_ACCOUNT_V03: Model = sequence(&[
    one("Id", Node(&ACCOUNT_ID), Tag::None),
    maybe("Tp", Deep, Tag::None),
    maybe("Ccy", Text, Tag::None),
    maybe("Nm", Text, Tag::None),
]);
static CREDITOR_ACCOUNT_V09: Model = sequence(&[
    one("Id", Node(&ACCOUNT_ID), Tag::None),
    maybe("Tp", Deep, Tag::None),
    maybe("Ccy", Text, Tag::None),
    maybe("Nm", Text, Tag::None),
    maybe("Prxy", Deep, Tag::None),
]);

static PAYMENT_V03: Model = sequence(&[
    one("PmtId", Node(&PAYMENT_ID_V03), Tag::Earlier),
    maybe("PmtTpInf", Node(&PAYMENT_TYPE_V03), Tag::Earlier),
    one("Amt", Node(&AMOUNT), Tag::Earlier),
    maybe("XchgRateInf", Deep, Tag::Earlier),
    maybe("ChrgBr", Text, Tag::Earlier),
    maybe("ChqInstr", Deep, Tag::Cheque),
    maybe("UltmtDbtr", Deep, Tag::Earlier),
    maybe("IntrmyAgt1", Deep, Tag::Earlier),
    maybe("IntrmyAgt1Acct", Deep, Tag::Earlier),
    maybe("IntrmyAgt2", Deep, Tag::Earlier),
    maybe("IntrmyAgt2Acct", Deep, Tag::Earlier),
    maybe("IntrmyAgt3", Deep, Tag::Earlier),
    maybe("IntrmyAgt3Acct", Deep, Tag::Earlier),
    maybe("CdtrAgt", Node(&AGENT), Tag::CreditorAgent),
    maybe("CdtrAgtAcct", Node(&ACCOUNT_V03), Tag::CreditorAgentAccount),
    maybe("Cdtr", Node(&PARTY_V03), Tag::Creditor),
    maybe("CdtrAcct", Node(&CREDITOR_ACCOUNT_V03), Tag::CreditorAccount),
    maybe("UltmtCdtr", Deep, Tag::None),
    up_to(MANY, "InstrForCdtrAgt", Deep, Tag::None),
    maybe("InstrForDbtrAgt", Text, Tag::None),
    maybe("Purp", Node(&CODE), Tag::None),
    up_to(10, "RgltryRptg", Deep, Tag::None),
    maybe("Tax", Deep, Tag::None),
    up_to(10, "RltdRmtInf", Deep, Tag::None),
    maybe("RmtInf", Node(&REMITTANCE), Tag::None),
]);
static PAYMENT_V09: Model = sequence(&[
    one("PmtId", Node(&PAYMENT_ID_V09), Tag::Earlier),
    maybe("PmtTpInf", Node(&PAYMENT_TYPE_V09), Tag::Earlier),
    one("Amt", Node(&AMOUNT), Tag::Earlier),
    maybe("XchgRateInf", Deep, Tag::Earlier),
    maybe("ChrgBr", Text, Tag::Earlier),
    maybe("ChqInstr", Deep, Tag::Cheque),
    maybe("UltmtDbtr", Deep, Tag::Earlier),
    maybe("IntrmyAgt1", Deep, Tag::Earlier),
    maybe("IntrmyAgt1Acct", Deep, Tag::Earlier),
    maybe("IntrmyAgt2", Deep, Tag::Earlier),
    maybe("IntrmyAgt2Acct", Deep, Tag::Earlier),
    maybe("IntrmyAgt3", Deep, Tag::Earlier),
    maybe("IntrmyAgt3Acct", Deep, Tag::Earlier),
    maybe("CdtrAgt", Node(&AGENT), Tag::CreditorAgent),
    maybe("CdtrAgtAcct", Node(&ACCOUNT_V09), Tag::CreditorAgentAccount),
    maybe("Cdtr", Node(&PARTY_V09), Tag::Creditor),
    maybe("CdtrAcct", Node(&CREDITOR_ACCOUNT_V09), Tag::CreditorAccount),
    maybe("UltmtCdtr", Deep, Tag::None),
    up_to(MANY, "InstrForCdtrAgt", Deep, Tag::None),
    maybe("InstrForDbtrAgt", Text, Tag::None),
    maybe("Purp", Node(&CODE), Tag::None),
    up_to(10, "RgltryRptg", Deep, Tag::None),
    maybe("Tax", Deep, Tag::None),
    up_to(10, "RltdRmtInf", Deep, Tag::None),
    maybe("RmtInf", Node(&REMITTANCE), Tag::None),
    up_to(MANY, "SplmtryData", Node(&SUPPLEMENTARY), Tag::None),
]);

static BLOCK_V03: Model = sequence(&[
    one("PmtInfId", Text, Tag::PaymentInfoId),
    one("PmtMtd", Text, Tag::Method),
    maybe("BtchBookg", Text, Tag::None),
    maybe("NbOfTxs", Text, Tag::Count),
    maybe("CtrlSum", Text, Tag::Sum),
    maybe("PmtTpInf", Node(&PAYMENT_TYPE_V03), Tag::None),
    one("ReqdExctnDt", Text, Tag::Date),
    maybe("PoolgAdjstmntDt", Text, Tag::None),
    one("Dbtr", Deep, Tag::None),
    one("DbtrAcct", Deep, Tag::None),
    one("DbtrAgt", Node(&DEBTOR_AGENT_V03), Tag::None),
    maybe("DbtrAgtAcct", Deep, Tag::None),
    maybe("UltmtDbtr", Deep, Tag::None),
    maybe("ChrgBr", Text, Tag::None),
    maybe("ChrgsAcct", Deep, Tag::None),
    maybe("ChrgsAcctAgt", Deep, Tag::None),
    some("CdtTrfTxInf", Node(&PAYMENT_V03), Tag::Payment),
]);
static BLOCK_V09: Model = sequence(&[
    one("PmtInfId", Text, Tag::PaymentInfoId),
    one("PmtMtd", Text, Tag::Method),
    maybe("BtchBookg", Text, Tag::None),
    maybe("NbOfTxs", Text, Tag::Count),
    maybe("CtrlSum", Text, Tag::Sum),
    maybe("PmtTpInf", Node(&PAYMENT_TYPE_V09), Tag::None),
    one("ReqdExctnDt", Node(&EXECUTION_DATE_V09), Tag::None),
    maybe("PoolgAdjstmntDt", Text, Tag::None),
    one("Dbtr", Deep, Tag::None),
    one("DbtrAcct", Deep, Tag::None),
    one("DbtrAgt", Node(&DEBTOR_AGENT_V09), Tag::None),
    maybe("DbtrAgtAcct", Deep, Tag::None),
    maybe("InstrForDbtrAgt", Text, Tag::None),
    maybe("UltmtDbtr", Deep, Tag::None),
    maybe("ChrgBr", Text, Tag::None),
    maybe("ChrgsAcct", Deep, Tag::None),
    maybe("ChrgsAcctAgt", Deep, Tag::None),
    some("CdtTrfTxInf", Node(&PAYMENT_V09), Tag::Payment),
]);

static GROUP_HEADER: Model = sequence(&[
    one("MsgId", Text, Tag::MessageId),
    one("CreDtTm", Text, Tag::None),
    up_to(2, "Authstn", Node(&CODE), Tag::None),
    one("NbOfTxs", Text, Tag::Count),
    maybe("CtrlSum", Text, Tag::Sum),
    one("InitgPty", Deep, Tag::None),
    maybe("FwdgAgt", Deep, Tag::None),
]);
static INITIATION_V03: Model =
    sequence(&[one("GrpHdr", Node(&GROUP_HEADER), Tag::None), some("PmtInf", Node(&BLOCK_V03), Tag::Block)]);
static INITIATION_V09: Model = sequence(&[
    one("GrpHdr", Node(&GROUP_HEADER), Tag::None),
    some("PmtInf", Node(&BLOCK_V09), Tag::Block),
    up_to(MANY, "SplmtryData", Node(&SUPPLEMENTARY), Tag::None),
]);
static DOCUMENT_V03: Model = sequence(&[one("CstmrCdtTrfInitn", Node(&INITIATION_V03), Tag::None)]);
static DOCUMENT_V09: Model = sequence(&[one("CstmrCdtTrfInitn", Node(&INITIATION_V09), Tag::None)]);
static ROOT_V03: Model = sequence(&[one("Document", Node(&DOCUMENT_V03), Tag::None)]);
static ROOT_V09: Model = sequence(&[one("Document", Node(&DOCUMENT_V09), Tag::None)]);
static PAYMENT_ROOT_V03: Model = sequence(&[one("CdtTrfTxInf", Node(&PAYMENT_V03), Tag::Payment)]);
static PAYMENT_ROOT_V09: Model = sequence(&[one("CdtTrfTxInf", Node(&PAYMENT_V09), Tag::Payment)]);

/// The whole message: its one child is `Document`.
pub(super) fn root(version: Version) -> &'static Model {
    match version {
        Version::V03 => &ROOT_V03,
        Version::V09 => &ROOT_V09,
    }
}

/// One payment: its one child is `CdtTrfTxInf`.
pub(super) fn payment_root(version: Version) -> &'static Model {
    match version {
        Version::V03 => &PAYMENT_ROOT_V03,
        Version::V09 => &PAYMENT_ROOT_V09,
    }
}

impl Element {
    /// Names that are too long for a key are told apart as they are written.
    #[inline]
    fn is_named(&self, name: &QName<'_>) -> bool {
        self.key == name.key && (self.key != 0 || self.name.as_bytes() == name.local())
    }

    /// The table of a container; an empty one for anything else.
    pub fn model(&self) -> &'static Model {
        static NOTHING: Model = sequence(&[]);
        match self.content {
            Node(model) => model,
            _ => &NOTHING,
        }
    }
}

/// Why an element may not stand where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    Unknown,
    OutOfOrder(&'static str),
    Repeated(&'static str),
    /// A required one was passed over.
    Missing(&'static str),
    /// A second alternative of a choice.
    Alternative(&'static str),
}

impl Misfit {
    /// A sentence. Names come from the tables, so no content of the file gets into it.
    #[cold]
    pub fn sentence(self) -> String {
        match self {
            Self::Unknown => "An element stands here that the schema does not know in this place.".into(),
            Self::OutOfOrder(name) => format!("The element {name} stands in the wrong order."),
            Self::Repeated(name) => format!("The element {name} occurs more often than allowed."),
            Self::Missing(name) => format!("The element {name} is missing."),
            Self::Alternative(name) => format!("The element {name} excludes the one before it."),
        }
    }
}

/// How far the children of one container have been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    model: &'static Model,
    index: usize,
    count: u8,
}

impl Frame {
    pub fn new(model: &'static Model) -> Self {
        Self { model, index: 0, count: 0 }
    }

    /// The next child has this name.
    #[inline]
    pub fn accept(&mut self, name: &QName<'_>) -> Result<&'static Element, Misfit> {
        if self.model.choice {
            return self.choose(name);
        }
        let mut index = self.index;
        let mut seen = self.count;
        while let Some(child) = self.model.children.get(index) {
            if child.is_named(name) {
                if seen >= child.max && child.max != MANY {
                    return Err(Misfit::Repeated(child.name));
                }
                self.index = index;
                self.count = seen.saturating_add(1);
                return Ok(child);
            }
            if seen < child.min {
                break;
            }
            index += 1;
            seen = 0;
        }
        Err(self.misfit(index, name))
    }

    #[cold]
    fn misfit(&self, stopped: usize, name: &QName<'_>) -> Misfit {
        let children = self.model.children;
        match (children.iter().position(|child| child.is_named(name)), children.get(stopped)) {
            (None, _) => Misfit::Unknown,
            (Some(known), Some(missing)) if known > stopped => Misfit::Missing(missing.name),
            (Some(known), _) => children.get(known).map_or(Misfit::Unknown, |child| Misfit::OutOfOrder(child.name)),
        }
    }

    fn choose(&mut self, name: &QName<'_>) -> Result<&'static Element, Misfit> {
        let children = self.model.children;
        let Some(index) = children.iter().position(|child| child.is_named(name)) else { return Err(Misfit::Unknown) };
        let Some(child) = children.get(index) else { return Err(Misfit::Unknown) };
        // An alternative that may stand there several times is still the only one.
        let is_more = index == self.index && (self.count < child.max || child.max == MANY);
        if self.count > 0 && !is_more {
            return Err(Misfit::Alternative(child.name));
        }
        self.index = index;
        self.count = self.count.saturating_add(1);
        Ok(child)
    }

    /// The container ends here.
    #[inline]
    pub fn close(&self) -> Result<(), Misfit> {
        let children = self.model.children;
        if self.model.choice {
            return match (self.count, children.first()) {
                (0, Some(child)) => Err(Misfit::Missing(child.name)),
                _ => Ok(()),
            };
        }
        let mut seen = self.count;
        for child in children.get(self.index..).unwrap_or_default() {
            if seen < child.min {
                return Err(Misfit::Missing(child.name));
            }
            seen = 0;
        }
        Ok(())
    }
}
