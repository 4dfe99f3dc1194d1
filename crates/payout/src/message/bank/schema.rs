//! What the schemas of pacs.004.001.09 and camt.029.001.09 say about every container that is read.

use super::super::schema::Content::{Amount, Deep, Node, Text};
use super::super::schema::{
    AMOUNT, CODE, EXECUTION_DATE_V09, INSTITUTION_V09, MANY, Model, SUPPLEMENTARY, Tag, choice, maybe, one, sequence,
    some, up_to,
};

/// A message that banks send.
#[derive(Debug)]
pub(in crate::message) struct Message {
    /// `pacs.004.001.09`
    pub name: &'static str,
    pub namespace: &'static str,
    /// What the namespaces of all its versions begin with.
    pub family: &'static str,
    /// Its one child is `Document`.
    pub root: &'static Model,
}

pub(in crate::message) static RETURN: Message = Message {
    name: "pacs.004.001.09",
    namespace: "urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09",
    family: "urn:iso:std:iso:20022:tech:xsd:pacs.004.",
    root: &RETURN_ROOT,
};

pub(in crate::message) static ANSWER: Message = Message {
    name: "camt.029.001.09",
    namespace: "urn:iso:std:iso:20022:tech:xsd:camt.029.001.09",
    family: "urn:iso:std:iso:20022:tech:xsd:camt.029.",
    root: &ANSWER_ROOT,
};

static REASON_CODE: Model = choice(&[one("Cd", Text, Tag::ReasonCode), one("Prtry", Text, Tag::ReasonProprietary)]);
static REASON: Model = sequence(&[
    maybe("Orgtr", Deep, Tag::None),
    maybe("Rsn", Node(&REASON_CODE), Tag::None),
    up_to(MANY, "AddtlInf", Text, Tag::ReasonText),
]);
static ORIGINAL_GROUP: Model = sequence(&[
    one("OrgnlMsgId", Text, Tag::OriginalMessageId),
    one("OrgnlMsgNmId", Text, Tag::OriginalMessageName),
    maybe("OrgnlCreDtTm", Text, Tag::None),
]);

static AGENT: Model =
    sequence(&[one("FinInstnId", Node(&INSTITUTION_V09), Tag::None), maybe("BrnchId", Deep, Tag::None)]);
static OTHER_ACCOUNT: Model = sequence(&[
    one("Id", Text, Tag::OtherAccount),
    maybe("SchmeNm", Node(&CODE), Tag::None),
    maybe("Issr", Text, Tag::None),
]);
static ACCOUNT_ID: Model = choice(&[one("IBAN", Text, Tag::Iban), one("Othr", Node(&OTHER_ACCOUNT), Tag::None)]);
static ACCOUNT: Model = sequence(&[
    one("Id", Node(&ACCOUNT_ID), Tag::None),
    maybe("Tp", Deep, Tag::None),
    maybe("Ccy", Text, Tag::None),
    maybe("Nm", Text, Tag::None),
    maybe("Prxy", Deep, Tag::None),
]);
static PARTY: Model = sequence(&[
    maybe("Nm", Text, Tag::Name),
    maybe("PstlAdr", Deep, Tag::None),
    maybe("Id", Deep, Tag::None),
    maybe("CtryOfRes", Text, Tag::None),
    maybe("CtctDtls", Deep, Tag::None),
]);
static CREDITOR: Model = choice(&[one("Pty", Node(&PARTY), Tag::None), one("Agt", Deep, Tag::None)]);
static ASSIGNER: Model = choice(&[one("Pty", Deep, Tag::None), one("Agt", Node(&AGENT), Tag::None)]);

/// `OriginalTransactionReference28`, which both messages have.
static REFERENCE: Model = sequence(&[
    maybe("IntrBkSttlmAmt", Amount, Tag::ReferenceAmount),
    maybe("Amt", Node(&AMOUNT), Tag::None),
    maybe("IntrBkSttlmDt", Text, Tag::None),
    maybe("ReqdColltnDt", Text, Tag::None),
    maybe("ReqdExctnDt", Node(&EXECUTION_DATE_V09), Tag::None),
    maybe("CdtrSchmeId", Deep, Tag::None),
    maybe("SttlmInf", Deep, Tag::None),
    maybe("PmtTpInf", Deep, Tag::None),
    maybe("PmtMtd", Text, Tag::None),
    maybe("MndtRltdInf", Deep, Tag::None),
    maybe("RmtInf", Deep, Tag::None),
    maybe("UltmtDbtr", Deep, Tag::None),
    maybe("Dbtr", Deep, Tag::None),
    maybe("DbtrAcct", Deep, Tag::None),
    maybe("DbtrAgt", Deep, Tag::None),
    maybe("DbtrAgtAcct", Deep, Tag::None),
    maybe("CdtrAgt", Node(&AGENT), Tag::None),
    maybe("CdtrAgtAcct", Deep, Tag::None),
    maybe("Cdtr", Node(&CREDITOR), Tag::Creditor),
    maybe("CdtrAcct", Node(&ACCOUNT), Tag::None),
    maybe("UltmtCdtr", Node(&CREDITOR), Tag::UltimateCreditor),
    maybe("Purp", Node(&CODE), Tag::None),
]);

static RETURN_HEADER: Model = sequence(&[
    one("MsgId", Text, Tag::MessageId),
    one("CreDtTm", Text, Tag::None),
    up_to(2, "Authstn", Node(&CODE), Tag::None),
    maybe("BtchBookg", Text, Tag::None),
    one("NbOfTxs", Text, Tag::Count),
    maybe("CtrlSum", Text, Tag::Sum),
    maybe("GrpRtr", Text, Tag::GroupReturn),
    maybe("TtlRtrdIntrBkSttlmAmt", Amount, Tag::Total),
    maybe("IntrBkSttlmDt", Text, Tag::SettlementDate),
    one("SttlmInf", Deep, Tag::None),
    maybe("InstgAgt", Deep, Tag::None),
    maybe("InstdAgt", Deep, Tag::None),
]);
static RETURN_GROUP: Model = sequence(&[
    one("OrgnlMsgId", Text, Tag::OriginalMessageId),
    one("OrgnlMsgNmId", Text, Tag::OriginalMessageName),
    maybe("OrgnlCreDtTm", Text, Tag::None),
    up_to(MANY, "RtrRsnInf", Node(&REASON), Tag::Reason),
]);
static RETURNED: Model = sequence(&[
    maybe("RtrId", Text, Tag::ReturnId),
    maybe("OrgnlGrpInf", Node(&ORIGINAL_GROUP), Tag::None),
    maybe("OrgnlInstrId", Text, Tag::InstructionId),
    maybe("OrgnlEndToEndId", Text, Tag::EndToEndId),
    maybe("OrgnlTxId", Text, Tag::TransactionId),
    maybe("OrgnlUETR", Text, Tag::Uetr),
    maybe("OrgnlClrSysRef", Text, Tag::None),
    maybe("OrgnlIntrBkSttlmAmt", Amount, Tag::OriginalAmount),
    maybe("OrgnlIntrBkSttlmDt", Text, Tag::OriginalDate),
    one("RtrdIntrBkSttlmAmt", Amount, Tag::ReturnedAmount),
    maybe("IntrBkSttlmDt", Text, Tag::SettlementDate),
    maybe("SttlmPrty", Text, Tag::None),
    maybe("SttlmTmIndctn", Deep, Tag::None),
    maybe("RtrdInstdAmt", Amount, Tag::ReturnedInstructedAmount),
    maybe("XchgRate", Text, Tag::None),
    maybe("CompstnAmt", Amount, Tag::None),
    maybe("ChrgBr", Text, Tag::None),
    up_to(MANY, "ChrgsInf", Deep, Tag::None),
    maybe("ClrSysRef", Text, Tag::None),
    maybe("InstgAgt", Deep, Tag::None),
    maybe("InstdAgt", Deep, Tag::None),
    maybe("RtrChain", Deep, Tag::None),
    up_to(MANY, "RtrRsnInf", Node(&REASON), Tag::Reason),
    maybe("OrgnlTxRef", Node(&REFERENCE), Tag::None),
    up_to(MANY, "SplmtryData", Node(&SUPPLEMENTARY), Tag::None),
]);
static RETURN_MESSAGE: Model = sequence(&[
    one("GrpHdr", Node(&RETURN_HEADER), Tag::Header),
    maybe("OrgnlGrpInf", Node(&RETURN_GROUP), Tag::Group),
    up_to(MANY, "TxInf", Node(&RETURNED), Tag::Return),
    up_to(MANY, "SplmtryData", Node(&SUPPLEMENTARY), Tag::None),
]);
static RETURN_DOCUMENT: Model = sequence(&[one("PmtRtr", Node(&RETURN_MESSAGE), Tag::Message)]);
static RETURN_ROOT: Model = sequence(&[one("Document", Node(&RETURN_DOCUMENT), Tag::Message)]);

static CASE: Model =
    sequence(&[one("Id", Text, Tag::CaseId), one("Cretr", Deep, Tag::None), maybe("ReopCaseIndctn", Text, Tag::None)]);
static ASSIGNMENT: Model = sequence(&[
    one("Id", Text, Tag::AssignmentId),
    one("Assgnr", Node(&ASSIGNER), Tag::None),
    one("Assgne", Deep, Tag::None),
    one("CreDtTm", Text, Tag::None),
]);
static STATUS: Model = choice(&[
    one("Conf", Text, Tag::Confirmation),
    some("RjctdMod", Node(&CODE), Tag::None),
    one("DplctOf", Deep, Tag::None),
    one("AssgnmtCxlConf", Text, Tag::None),
]);
static RESOLUTION: Model = sequence(&[
    maybe("EndToEndId", Text, Tag::None),
    maybe("TxId", Text, Tag::None),
    maybe("UETR", Text, Tag::None),
    maybe("IntrBkSttlmAmt", Amount, Tag::ResolutionAmount),
    maybe("IntrBkSttlmDt", Text, Tag::ResolutionDate),
    maybe("ClrChanl", Text, Tag::None),
    maybe("Compstn", Deep, Tag::None),
    up_to(MANY, "Chrgs", Deep, Tag::None),
]);
static ANSWERED_GROUP: Model = sequence(&[
    maybe("OrgnlGrpCxlId", Text, Tag::CancellationId),
    maybe("RslvdCase", Node(&CASE), Tag::None),
    one("OrgnlMsgId", Text, Tag::OriginalMessageId),
    one("OrgnlMsgNmId", Text, Tag::OriginalMessageName),
    maybe("OrgnlCreDtTm", Text, Tag::None),
    maybe("OrgnlNbOfTxs", Text, Tag::None),
    maybe("OrgnlCtrlSum", Text, Tag::None),
    maybe("GrpCxlSts", Text, Tag::GroupStatus),
    up_to(MANY, "CxlStsRsnInf", Node(&REASON), Tag::Reason),
    up_to(MANY, "NbOfTxsPerCxlSts", Deep, Tag::None),
]);
static ANSWERED_BLOCK: Model = sequence(&[
    maybe("OrgnlPmtInfCxlId", Text, Tag::CancellationId),
    maybe("RslvdCase", Node(&CASE), Tag::None),
    one("OrgnlPmtInfId", Text, Tag::PaymentInfoId),
    maybe("OrgnlGrpInf", Node(&ORIGINAL_GROUP), Tag::None),
    maybe("OrgnlNbOfTxs", Text, Tag::None),
    maybe("OrgnlCtrlSum", Text, Tag::None),
    maybe("PmtInfCxlSts", Text, Tag::BlockStatus),
    up_to(MANY, "CxlStsRsnInf", Node(&REASON), Tag::Reason),
    up_to(MANY, "NbOfTxsPerCxlSts", Deep, Tag::None),
    up_to(MANY, "TxInfAndSts", Node(&ANSWERED_INSTRUCTION), Tag::PaymentAnswer),
]);
/// A payment as its payer's bank was told to make it.
static ANSWERED_INSTRUCTION: Model = sequence(&[
    maybe("CxlStsId", Text, Tag::CancellationId),
    maybe("RslvdCase", Node(&CASE), Tag::None),
    maybe("OrgnlInstrId", Text, Tag::InstructionId),
    maybe("OrgnlEndToEndId", Text, Tag::EndToEndId),
    maybe("UETR", Text, Tag::Uetr),
    maybe("TxCxlSts", Text, Tag::PaymentStatus),
    up_to(MANY, "CxlStsRsnInf", Node(&REASON), Tag::Reason),
    maybe("OrgnlInstdAmt", Amount, Tag::OriginalAmount),
    maybe("OrgnlReqdExctnDt", Node(&EXECUTION_DATE_V09), Tag::None),
    maybe("OrgnlReqdColltnDt", Text, Tag::None),
    maybe("OrgnlTxRef", Node(&REFERENCE), Tag::None),
]);
/// A payment as it went from bank to bank.
static ANSWERED_TRANSFER: Model = sequence(&[
    maybe("CxlStsId", Text, Tag::CancellationId),
    maybe("RslvdCase", Node(&CASE), Tag::None),
    maybe("OrgnlGrpInf", Node(&ORIGINAL_GROUP), Tag::None),
    maybe("OrgnlInstrId", Text, Tag::InstructionId),
    maybe("OrgnlEndToEndId", Text, Tag::EndToEndId),
    maybe("OrgnlTxId", Text, Tag::TransactionId),
    maybe("OrgnlClrSysRef", Text, Tag::None),
    maybe("OrgnlUETR", Text, Tag::Uetr),
    maybe("TxCxlSts", Text, Tag::PaymentStatus),
    up_to(MANY, "CxlStsRsnInf", Node(&REASON), Tag::Reason),
    maybe("RsltnRltdInf", Node(&RESOLUTION), Tag::None),
    maybe("OrgnlIntrBkSttlmAmt", Amount, Tag::OriginalAmount),
    maybe("OrgnlIntrBkSttlmDt", Text, Tag::None),
    maybe("Assgnr", Deep, Tag::None),
    maybe("Assgne", Deep, Tag::None),
    maybe("OrgnlTxRef", Node(&REFERENCE), Tag::None),
]);
static DETAILS: Model = sequence(&[
    maybe("OrgnlGrpInfAndSts", Node(&ANSWERED_GROUP), Tag::Group),
    up_to(MANY, "OrgnlPmtInfAndSts", Node(&ANSWERED_BLOCK), Tag::Block),
    up_to(MANY, "TxInfAndSts", Node(&ANSWERED_TRANSFER), Tag::PaymentAnswer),
]);
static ANSWER_MESSAGE: Model = sequence(&[
    one("Assgnmt", Node(&ASSIGNMENT), Tag::None),
    maybe("RslvdCase", Node(&CASE), Tag::None),
    one("Sts", Node(&STATUS), Tag::None),
    up_to(MANY, "CxlDtls", Node(&DETAILS), Tag::Details),
    maybe("ModDtls", Deep, Tag::None),
    maybe("ClmNonRctDtls", Deep, Tag::None),
    maybe("StmtDtls", Deep, Tag::None),
    maybe("CrrctnTx", Deep, Tag::None),
    maybe("RsltnRltdInf", Node(&RESOLUTION), Tag::None),
    up_to(MANY, "SplmtryData", Node(&SUPPLEMENTARY), Tag::None),
]);
static ANSWER_DOCUMENT: Model = sequence(&[one("RsltnOfInvstgtn", Node(&ANSWER_MESSAGE), Tag::Message)]);
static ANSWER_ROOT: Model = sequence(&[one("Document", Node(&ANSWER_DOCUMENT), Tag::Message)]);
