//! Files as those read them for whom they are, who know nothing of us.

/// One payment in a completed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub end_to_end_id: String,
    pub currency: String,
    pub minor: i64,
    pub iban: String,
}

/// A completed file, as a bank carries it out.
#[derive(Clone, Debug)]
pub struct Completed {
    pub message_id: String,
    pub orders: Vec<Order>,
}

/// What stands between the first such tag and its end.
fn inside<'x>(xml: &'x str, tag: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once(&format!("</{tag}>"))?.0)
}

fn elements<'x>(xml: &'x str, tag: &str) -> Vec<&'x str> {
    let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
    xml.split(begin.as_str()).skip(1).map(|rest| rest.split(end.as_str()).next().unwrap()).collect()
}

/// An amount with two decimals.
fn minor(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    assert!(fraction.len() <= 2, "{text}");
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

impl Completed {
    pub fn read(xml: &str) -> Self {
        let head = inside(xml, "GrpHdr").unwrap();
        let mut orders = Vec::new();
        for block in elements(xml, "PmtInf") {
            let before = orders.len();
            orders.extend(elements(block, "CdtTrfTxInf").into_iter().map(|payment| {
                let amount = payment.split_once("<InstdAmt Ccy=\"").unwrap().1;
                let account = inside(payment, "CdtrAcct").expect("a payment without an account goes nowhere");
                Order {
                    end_to_end_id: inside(payment, "EndToEndId").unwrap().to_owned(),
                    currency: amount[..3].to_owned(),
                    minor: minor(amount[5..].split('<').next().unwrap()),
                    iban: inside(account, "IBAN").unwrap().to_owned(),
                }
            }));
            Self::require(block, &orders[before..]);
        }
        Self::require(head, &orders);
        Self { message_id: inside(head, "MsgId").unwrap().to_owned(), orders }
    }

    /// A bank refuses a file whose sums are not true.
    fn require(head: &str, orders: &[Order]) {
        let sum: i64 = orders.iter().map(|order| order.minor).sum();
        assert_eq!(inside(head, "NbOfTxs").unwrap().parse(), Ok(orders.len()), "{head}");
        assert_eq!(minor(inside(head, "CtrlSum").unwrap()), sum, "{head}");
    }
}

/// What a payer is told of one payment: its end-to-end id, how it stands, and the code of why.
pub type Told = (String, String, Option<String>);

/// A status report, as a payer reads it.
pub fn report(xml: &str) -> Vec<Told> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    elements(xml, "TxInfAndSts")
        .into_iter()
        .map(|entry| {
            let reason = inside(entry, "Rsn").and_then(|reason| inside(reason, "Cd"));
            let id = owned(inside(entry, "OrgnlEndToEndId")).unwrap();
            (id, owned(inside(entry, "TxSts")).unwrap(), owned(reason))
        })
        .collect()
}
