//! What the payee of a change is told of it while it waits: not what anybody thinks of it, because a thief may have their login.

use crate::town::{ANNA, CODE, LOOT, OWN, Town, ok, payee, south};
use kernel::{Actor, Timestamp};
use registry::commands::{RevertDesignation, ShowProposal, ShownProposal};
use registry::queries;

impl Town {
    fn shows(&mut self, id: &str, actor: &Actor) -> ShownProposal {
        self.run(&ShowProposal { actor: actor.clone(), proposal: id.to_owned() }, actor).unwrap()
    }

    /// What is said of why to somebody: signals, why it is asked for, why others did what they did.
    fn says(&mut self, id: &str, actor: &Actor) -> String {
        let ShownProposal { signals, why, reason, acts, .. } = self.shows(id, actor);
        let said = signals.into_iter().chain(why).chain(reason).chain(acts.into_iter().filter_map(|act| act.why));
        said.collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn a_login_reads_nothing_of_what_officers_suspect() {
    let (olga, eve) = (Actor::operator("olga"), Actor::caseworker("eve"));
    let check = |ends: &dyn Fn(&mut Town, &str), afterwards: &str| {
        let mut town = Town::new();
        town.swaps_contact(&town.anna());
        let id = town.wants_loot(&town.anna());
        assert_eq!(town.stops(&id), ok("Stopped"));
        let known = "recent_change";
        assert_eq!((town.says(&id, &olga), town.says(&id, &town.anna())), (known.to_owned(), String::new()));
        // An officer has looked at it, and said what they think.
        assert_eq!(town.approves(&id, &olga), ok("letter"));
        let known = "recent_change, seen";
        assert_eq!((town.says(&id, &olga), town.says(&id, &town.anna())), (known.to_owned(), String::new()));
        ends(&mut town, &id);
        assert_eq!(town.says(&id, &town.anna()), afterwards);
    };
    check(&|town, id| assert_eq!(town.refuses(id, &Actor::operator("otto")), ok("refused")), "recent_change, seen, no");
    check(&|town, _| assert_eq!((town.days(100), town.settles()), ((), (0, 0))), "recent_change, seen");
    // Who ends it themselves learns nothing by it.
    check(&|town, id| assert_eq!(town.cancels(id, &town.anna(), None), ok("cancelled")), "");
    check(&|town, _| drop(town.proposes(&town.anna(), &format!("change,{ANNA},1020-3,,{OWN},,,")).unwrap()), "");

    // What others ask for: who does, and on which law, is the payee's to know; why somebody decides about it is not yet.
    let mut town = Town::new();
    let id = town.wants_loot(&eve);
    assert_eq!(town.approves(&id, &olga), ok("letter"));
    let shown = town.shows(&id, &town.anna());
    assert_eq!((shown.proposed_by.as_str(), shown.ground.unwrap().law.as_str()), ("caseworker:eve", "§ 1"));
    assert_eq!((town.says(&id, &eve), town.says(&id, &town.anna())), ("seen".to_owned(), String::new()));
    assert_eq!(town.refuses(&id, &Actor::operator("otto")), ok("refused"));
    assert_eq!(town.says(&id, &town.anna()), "seen, no");
    assert_eq!(town.ask(&south(), &format!("change,{ANNA},{LOOT},,{OWN},,,")), "held");
    let id = town.waits().remove(0);
    let now = Timestamp::from_micros(town.0.0.now);
    let (anna, operator) = (town.anna(), Actor::operator("olga"));
    let listed = town.0.0.writer.read(|scope| {
        let own = queries::own_waiting(scope, &anna, &payee(ANNA), now)?.remove(0).reason;
        Ok((own, queries::waiting(scope, &operator, None, None, None, 9, now)?.proposals.remove(0).reason))
    });
    assert_eq!(listed.unwrap(), (None, Some("user_request")));
    assert_eq!((town.says(&id, &olga), town.says(&id, &town.anna())), ("user_request".to_owned(), String::new()));
    town.days(9);
    assert_eq!((town.settles(), town.says(&id, &town.anna())), ((1, 0), "user_request".to_owned()));
    let (proposal, why) = (id, "the owner rang".to_owned());
    let reverts = RevertDesignation { proposal, why, actor: olga.clone(), once: None };
    let id = town.run(&reverts, &olga).unwrap().id;
    assert_eq!(
        (town.says(&id, &olga), town.says(&id, &town.anna())),
        ("third_party, the owner rang".to_owned(), String::new())
    );
}

#[test]
fn what_the_payee_did_themselves_they_read() {
    let mut town = Town::new();
    let id = town.wants_loot(&town.anna());
    assert_eq!(town.letter(&id, &Actor::operator("olga"), CODE), ok("code"));
    assert_eq!(town.gives(&id, CODE, &town.anna()), ok("time"));
    let acts: Vec<String> = town.shows(&id, &town.anna()).acts.into_iter().map(|act| act.act).collect();
    assert_eq!(acts, ["signed", "letter_made", "activated"], "what was done is no secret");
}
