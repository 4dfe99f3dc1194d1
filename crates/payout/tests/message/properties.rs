//! Random files, random decisions.

use denmark::Decimal;
use payout::message::{Field, Version};
use proptest::prelude::*;

use crate::support::{BlockSpec, Decision, FileSpec, PaymentSpec, SumStyle, heads, pass, route};

const PERSON: &str =
    "<PrvtId><Othr><Id>610170-1234</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>CPR</Issr></Othr></PrvtId>";
const COMPANY: &str = "<OrgId><Othr><Id>13748136</Id><SchmeNm><Prtry>CVR</Prtry></SchmeNm></Othr></OrgId>";
const REMITTANCE: [&str; 6] = [
    "NKSBOS",
    "Boligsikring &lt;april&gt; &amp; maj",
    "<![CDATA[</CdtTrfTxInf> & so on]]>",
    "<!-- </CdtTrfTxInf> -->NKSLEV",
    "Really? Yes! CdtTrfTxInf",
    "&#x26;&#60;/CdtTrfTxInf&#62; ] ]]&gt;",
];
const ENVELOPES: [&str; 4] = [
    "<x/>",
    "<CdtTrfTxInf xmlns='urn:other'><CdtTrfTxInf>a</CdtTrfTxInf><CdtTrfTxInf/></CdtTrfTxInf>",
    "<n:a xmlns:n='urn:n' n:b='1' b='2'><n:PmtInf></n:PmtInf></n:a>",
    "<!-- <a> --><a><?pi </CdtTrfTxInf> ?><b xmlns=''/></a>",
];

fn lead() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(String::new()),
        6 => Just("\n    ".to_owned()),
        1 => Just("\r\n\t<!-- </CdtTrfTxInf><CdtTrfTxInf> -->\n ".to_owned()),
        1 => Just("<?note </PmtInf> ?>".to_owned()),
        1 => Just(" <!--a--> <!--b-->".to_owned()),
    ]
}

fn sum_style() -> impl Strategy<Value = Option<SumStyle>> {
    prop_oneof![
        Just(None),
        Just(Some(SumStyle::TwoDecimals)),
        Just(Some(SumStyle::Shortest)),
        Just(Some(SumStyle::FiveDecimals)),
        Just(Some(SumStyle::LeadingZeros)),
        Just(Some(SumStyle::Padded)),
    ]
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![
        Just(Decision::Keep),
        Just(Decision::Drop),
        Just(Decision::CompleteByBic),
        Just(Decision::CompleteByMember),
    ]
}

fn payment() -> impl Strategy<Value = PaymentSpec> {
    let flags = proptest::bits::u8::ANY;
    let texts = (
        prop_oneof![Just(PERSON), Just(COMPANY)],
        proptest::option::of(prop_oneof![Just("NKSBOS"), Just(" NKSLEV ")]),
        proptest::collection::vec(proptest::sample::select(&REMITTANCE[..]), 0..3),
        proptest::option::weighted(0.3, proptest::sample::select(&ENVELOPES[..])),
    );
    (lead(), flags, 1_u64..1_000_000_000, texts, decision()).prop_map(|(lead, flags, ore, texts, decision)| {
        let (payee, benefit, remittance, supplementary) = texts;
        PaymentSpec {
            lead,
            number: 0,
            has_instruction_id: flags & 1 != 0,
            ore: if flags & 2 != 0 { ore / 1000 * 100 + 100 } else { ore },
            is_equivalent: flags & 4 != 0,
            benefit,
            is_cheque: flags & 8 != 0,
            has_agent: flags & 16 != 0,
            has_agent_account: flags & 32 != 0,
            payee,
            has_account: matches!(decision, Decision::Keep) && flags & 64 != 0,
            remittance,
            supplementary,
            own_prefix: flags & 0b1100_0000 == 0b1100_0000,
            decision,
        }
    })
}

fn block() -> impl Strategy<Value = BlockSpec> {
    let tail = prop_oneof![Just(""), Just("\n  "), Just("<!-- the last -->")].prop_map(str::to_owned);
    (lead(), any::<bool>(), sum_style(), proptest::collection::vec(payment(), 1..6), tail).prop_map(
        |(lead, declares_count, sum_style, payments, tail)| BlockSpec {
            lead,
            declares_count,
            sum_style,
            payments,
            tail,
        },
    )
}

pub fn file() -> impl Strategy<Value = FileSpec> {
    let prolog = prop_oneof![
        Just(""),
        Just("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
        Just("\u{FEFF}<?xml version='1.0' encoding='utf-8' standalone='yes' ?><!-- made by a test -->\r\n<?go on?>"),
    ];
    let version = prop_oneof![Just(Version::V03), Just(Version::V09)];
    let prefix = prop_oneof![3 => Just(""), 1 => Just("p"), 1 => Just("long-er.prefix_1")];
    let gap = prop_oneof![Just(""), Just("\n      "), Just("\r\n")];
    let epilog = prop_oneof![Just(""), Just("\n"), Just("<!-- end -->\n<?x y?>\n")];
    let blocks = proptest::collection::vec(block(), 1..4);
    (version, prefix, prolog, gap, sum_style(), blocks, epilog).prop_map(
        |(version, prefix, prolog, gap, sum_style, mut blocks, epilog)| {
            for (number, payment) in blocks.iter_mut().flat_map(|block| &mut block.payments).enumerate() {
                payment.number = number;
                if version == Version::V03 {
                    payment.supplementary = None;
                }
            }
            FileSpec { version, prefix, prolog, gap, sum_style, blocks, epilog }
        },
    )
}

/// A place, and what is written over what stands there.
pub type Damage = (prop::sample::Index, String);

pub fn damage() -> impl Strategy<Value = Damage> {
    let pieces = "[<>/&!?\\-\\[\\]'\" =:;a1\u{0}\u{7f}é]|<!--|-->|\\]\\]>|<!\\[CDATA\\[|&#0;|&#65;|<a>|</a>|<a/>|xmlns=| a='b'| x:y=\"\"";
    (any::<prop::sample::Index>(), pieces)
}

pub fn damaged(file: String, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = file.into_bytes();
    for (at, piece) in damages {
        let at = at.index(bytes.len());
        // Short pieces replace, long ones are put in between.
        let end = if piece.len() > 2 { at } else { bytes.len().min(at + piece.len()) };
        bytes.splice(at..end, piece.bytes());
    }
    bytes
}

fn is_worth(field: &Field<Decimal>, ore: u64) -> bool {
    field.value == Decimal::parse(&format!("{}.{:02}", ore / 100, ore % 100)).map_err(|_| ())
}

/// Routes a file of the generator, and checks everything that comes out.
fn check(spec: &FileSpec, payments_per_chunk: usize) {
    let input = spec.input();
    let decisions: Vec<_> =
        spec.blocks.iter().flat_map(|block| &block.payments).map(|payment| payment.decision).collect();
    let routed = route(input.as_bytes(), payments_per_chunk, None, |index, _| decisions[index as usize]).unwrap();
    assert_eq!(routed.cut, input.as_bytes(), "what is cut is the file");
    assert_eq!(routed.payments as usize, decisions.len());
    assert_eq!(routed.kept as usize, spec.kept());
    let Some(completed) = routed.completed else {
        assert_eq!(spec.kept(), 0);
        return;
    };
    // Numbers are as the file has them, provided that they are worth what they should be.
    let (head, blocks) = heads(&completed);
    let ((count, ore), totals) = spec.totals();
    assert_eq!(head.count.value, Ok(count));
    assert_eq!(head.message_id, "MSG & 1");
    assert!(head.sum.as_ref().is_none_or(|sum| is_worth(sum, ore)), "{head:?} is not worth {ore}");
    let left: Vec<usize> = (0..totals.len()).filter(|&index| totals[index].0 > 0).collect();
    assert_eq!(left.len(), blocks.len());
    for (&index, block) in left.iter().zip(&blocks) {
        assert_eq!(block.payment_info_id, format!("BLOCK-{index}"));
        assert!(block.count.as_ref().is_none_or(|count| count.value == Ok(totals[index].0)));
        assert!(block.sum.as_ref().is_none_or(|sum| is_worth(sum, totals[index].1)), "{block:?}");
    }
    let expected = spec.output(&|block, _, _| {
        let (count, sum) = match block {
            None => (Some(&head.count), head.sum.as_ref()),
            Some(index) => {
                let block = &blocks[left.iter().position(|&other| other == index).unwrap()];
                (block.count.as_ref(), block.sum.as_ref())
            }
        };
        let style = block.map_or(spec.sum_style, |index| spec.blocks[index].sum_style);
        let sum = sum.map(|sum| sum.text.clone()).unwrap_or_default();
        let sum = if matches!(style, Some(SumStyle::Padded)) { format!("\n {sum} ") } else { sum };
        (count.map(|count| count.text.clone()).unwrap_or_default(), sum)
    });
    assert_eq!(String::from_utf8(completed).unwrap(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_comes_out_is_what_went_in_but_for_what_was_decided(spec in file(), payments_per_chunk in 1_usize..9) {
        check(&spec, payments_per_chunk);
    }

    #[test]
    fn nothing_changed_is_byte_for_byte(spec in file()) {
        let input = spec.input();
        let routed = pass(input.as_bytes()).unwrap();
        prop_assert_eq!(routed.completed.as_deref(), Some(input.as_bytes()));
    }

    #[test]
    fn chunks_do_not_matter(spec in file(), cut in any::<prop::sample::Index>()) {
        let input = spec.input();
        // Also where the file is broken.
        for file in [input.as_bytes(), &input.as_bytes()[..cut.index(input.len())]] {
            let one = route(file, 1, None, |_, _| Decision::Keep);
            let many = route(file, 1000, None, |_, _| Decision::Keep);
            prop_assert_eq!(one, many);
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(pass(&bytes).is_err());
    }

    #[test]
    fn damaged_files_are_answered(
        spec in file(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let bytes = damaged(spec.input(), &damages);
        let one = route(&bytes, 1, None, |_, _| Decision::Keep);
        if let Ok(routed) = &one {
            prop_assert_eq!(&routed.cut, &bytes);
        }
        prop_assert_eq!(one, route(&bytes, 3, None, |_, _| Decision::Keep));
    }
}
