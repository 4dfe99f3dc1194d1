//! Every code that an answer can have, with its status and its title in both languages. A code that some crate can refuse with
//! and that is not here fails a test.

/// One code.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The stable code.
    pub code: &'static str,
    /// The status of HTTP.
    pub status: u16,
    /// What is wrong.
    pub english: &'static str,
    /// The same.
    pub danish: &'static str,
}

const fn row(code: &'static str, status: u16, english: &'static str, danish: &'static str) -> Row {
    Row { code, status, english, danish }
}

/// What has no row of its own: ours to mend.
pub const FAILURE: &str = "failure";

/// All of them.
pub const CODES: &[Row] = &[
    // The request as such.
    row("request.uri_too_long", 414, "The address is too long", "Adressen er for lang"),
    row("request.headers", 431, "The headers are too many or too large", "Der er for mange eller for store headere"),
    row("request.unknown", 404, "There is nothing at this address", "Der er intet på denne adresse"),
    row("request.method", 405, "This cannot be done at this address", "Dette kan ikke gøres på denne adresse"),
    row("request.timeout", 408, "The request did not arrive in time", "Forespørgslen kom ikke frem i tide"),
    row(
        "request.query",
        400,
        "The query is not one of this operation",
        "Forespørgslens parametre passer ikke til operationen",
    ),
    row("request.header", 400, "A header cannot be read", "En header kan ikke læses"),
    row("body.type", 415, "The body is not of the right type", "Indholdet er ikke af den rigtige type"),
    row("body.too_large", 413, "The body is too large", "Indholdet er for stort"),
    row("body.malformed", 400, "The body is not well formed", "Indholdet er ikke velformet"),
    row("body.cut_off", 400, "The body ends too early", "Indholdet slutter for tidligt"),
    row("body.field", 400, "A field is not as it must be", "Et felt er ikke, som det skal være"),
    row("cursor.invalid", 400, "The cursor is not one that was given out", "Markøren er ikke en, der er udleveret"),
    row("precondition.failed", 412, "The object has changed since", "Objektet er ændret siden"),
    row("precondition.missing", 428, "Say which version is to be changed", "Angiv, hvilken version der skal ændres"),
    row("idempotency.key", 400, "The idempotency key cannot be used", "Idempotensnøglen kan ikke bruges"),
    row(
        "idempotency.reused",
        422,
        "The idempotency key stands for another request",
        "Idempotensnøglen hører til en anden forespørgsel",
    ),
    // Who asks.
    row("token.missing", 401, "An access token is needed", "Der kræves et adgangstoken"),
    row("token.malformed", 401, "The access token cannot be read", "Adgangstokenet kan ikke læses"),
    row("token.unsigned", 401, "The access token is not signed", "Adgangstokenet er ikke underskrevet"),
    row(
        "token.algorithm",
        401,
        "The access token is not signed as it must be",
        "Adgangstokenet er ikke underskrevet som krævet",
    ),
    row(
        "token.signature",
        401,
        "The access token's signature does not hold",
        "Adgangstokenets underskrift holder ikke",
    ),
    row("token.key", 401, "The access token's key is not known", "Adgangstokenets nøgle er ukendt"),
    row("token.issuer", 401, "The access token's issuer is not trusted", "Adgangstokenets udsteder er ikke betroet"),
    row("token.audience", 401, "The access token is for another service", "Adgangstokenet er til en anden tjeneste"),
    row("token.expired", 401, "The access token has expired", "Adgangstokenet er udløbet"),
    row("token.too_long", 401, "The access token holds too long", "Adgangstokenet gælder for længe"),
    row("token.not_yet", 401, "The access token does not hold yet", "Adgangstokenet gælder ikke endnu"),
    row(
        "token.binding",
        401,
        "The access token is bound to another certificate",
        "Adgangstokenet er bundet til et andet certifikat",
    ),
    row("token.client", 401, "The client is not registered any more", "Klienten er ikke længere registreret"),
    row(
        "token.officer",
        401,
        "The operator or caseworker is not registered any more",
        "Medarbejderen er ikke længere registreret",
    ),
    row(
        "token.login",
        401,
        "The access token does not say how the citizen logged in, or it is too long ago",
        "Adgangstokenet siger ikke, hvordan borgeren er logget ind, eller det er for længe siden",
    ),
    row("token.size", 401, "The access token is too large", "Adgangstokenet er for stort"),
    row(
        "token.critical",
        401,
        "The access token wants what is not known here",
        "Adgangstokenet kræver noget, der er ukendt her",
    ),
    row("token.kind", 401, "This is no access token", "Dette er ikke et adgangstoken"),
    row("token.claims", 401, "The access token does not say what it must", "Adgangstokenet siger ikke, hvad det skal"),
    row("token.role", 401, "The access token's role is not known", "Adgangstokenets rolle er ukendt"),
    row(
        "token.party",
        401,
        "The access token names no payer or bank",
        "Adgangstokenet nævner ingen udbetaler eller bank",
    ),
    row("token.scope", 403, "The access token does not reach this far", "Adgangstokenet rækker ikke så langt"),
    row("policy.not_allowed", 403, "This is not for your role", "Dette er ikke for din rolle"),
    row("interface.ended", 410, "This interface has been closed", "Denne grænseflade er lukket"),
    row("client.unknown", 401, "The client is not registered", "Klienten er ikke registreret"),
    row("client.ended", 401, "The client was ended", "Klienten er afsluttet"),
    row("operator.ended", 403, "The operator was ended", "Operatøren er afsluttet"),
    row("caseworker.unknown", 403, "No such caseworker is registered", "Der er ingen sagsbehandler med det navn"),
    row("caseworker.ended", 403, "The caseworker was ended", "Sagsbehandleren er afsluttet"),
    row("caseworker.remit", 403, "That is not for this caseworker", "Det er ikke for denne sagsbehandler"),
    row(
        "signing_key.none",
        503,
        "The service has no key to sign with yet",
        "Tjenesten har endnu ingen nøgle at underskrive med",
    ),
    // Asking for a token.
    row("token_request.grant_type", 400, "The grant type is not known", "Tilladelsestypen er ukendt"),
    row("token_request.assertion_type", 400, "The assertion type is not known", "Påstandens type er ukendt"),
    row("token_request.client_id", 400, "The client id is another one", "Klientens id er et andet"),
    row("token_request.scope", 400, "The scope is not the client's", "Klienten har ikke dette omfang"),
    row("token_request.certificate", 401, "The certificate is not the client's", "Certifikatet er ikke klientens"),
    row("token_request.certificate_needed", 401, "A client certificate is needed", "Der kræves et klientcertifikat"),
    row("assertion.size", 401, "The assertion is too large", "Påstanden er for stor"),
    row("assertion.malformed", 401, "The assertion cannot be read", "Påstanden kan ikke læses"),
    row(
        "assertion.critical",
        401,
        "The assertion wants what is not known here",
        "Påstanden kræver noget, der er ukendt her",
    ),
    row("assertion.unsigned", 401, "The assertion is not signed", "Påstanden er ikke underskrevet"),
    row(
        "assertion.algorithm",
        401,
        "The assertion is not signed as it must be",
        "Påstanden er ikke underskrevet som krævet",
    ),
    row("assertion.key", 401, "The assertion's key is not the client's", "Påstandens nøgle er ikke klientens"),
    row("assertion.signature", 401, "The assertion's signature does not hold", "Påstandens underskrift holder ikke"),
    row("assertion.subject", 401, "The assertion is not the client's own", "Påstanden er ikke klientens egen"),
    row("assertion.audience", 401, "The assertion is for another service", "Påstanden er til en anden tjeneste"),
    row(
        "assertion.moment",
        401,
        "The assertion does not say when it holds",
        "Påstanden siger ikke, hvornår den gælder",
    ),
    row("assertion.expired", 401, "The assertion has expired", "Påstanden er udløbet"),
    row("assertion.not_yet", 401, "The assertion does not hold yet", "Påstanden gælder ikke endnu"),
    row("assertion.too_long", 401, "The assertion holds too long", "Påstanden gælder for længe"),
    row("assertion.jti", 401, "The assertion has no id", "Påstanden har intet id"),
    row("assertion.replayed", 401, "The assertion was used before", "Påstanden er brugt før"),
    // Messages that are signed themselves.
    row("message.size", 413, "The message is too large", "Beskeden er for stor"),
    row("message.malformed", 400, "The message cannot be read", "Beskeden kan ikke læses"),
    row(
        "message.critical",
        401,
        "The message wants what is not known here",
        "Beskeden kræver noget, der er ukendt her",
    ),
    row("message.unsigned", 401, "The message is not signed", "Beskeden er ikke underskrevet"),
    row(
        "message.algorithm",
        401,
        "The message is not signed as it must be",
        "Beskeden er ikke underskrevet som krævet",
    ),
    row("message.key", 401, "The message's key is not the client's", "Beskedens nøgle er ikke klientens"),
    row("message.signature", 401, "The message's signature does not hold", "Beskedens underskrift holder ikke"),
    row("message.time", 401, "The message's time is too far from ours", "Beskedens tidspunkt er for langt fra vores"),
    row("message.id", 400, "The message has no id", "Beskeden har intet id"),
    row("message.replayed", 401, "The message was sent before", "Beskeden er sendt før"),
    row("certificate.expired", 401, "The client's certificate has expired", "Klientens certifikat er udløbet"),
    // Messages of a mapper.
    row("mapper.message", 400, "The message cannot be read", "Beskeden kan ikke læses"),
    row("mapper.encrypted", 400, "Encrypted messages are not read", "Krypterede beskeder læses ikke"),
    row("mapper.sender", 401, "The message names another sender", "Beskeden angiver en anden afsender"),
    row("mapper.purpose", 400, "The message names no legal purpose", "Beskeden angiver intet lovligt formål"),
    row("mapper.unknown", 404, "There is no such message", "Der er ingen sådan besked"),
    // The service.
    row(
        "service.overloaded",
        503,
        "Too much waits already; nothing was done",
        "Der venter allerede for meget; intet blev gjort",
    ),
    row("service.stopping", 503, "The service is stopping; nothing was done", "Tjenesten lukker ned; intet blev gjort"),
    row("conflict", 409, "Somebody else was first; try again", "En anden kom først; prøv igen"),
    row(FAILURE, 500, "The service failed", "Tjenesten fejlede"),
    row("store.full", 503, "The service cannot store anything now", "Tjenesten kan ikke gemme noget nu"),
    row(
        "store.unknown",
        500,
        "It is not known whether this was done; ask again",
        "Det vides ikke, om dette blev gjort; spørg igen",
    ),
    row("store.timeout", 503, "The service's store did not answer in time", "Tjenestens lager svarede ikke i tide"),
    row("store.unreachable", 503, "The service's store cannot be reached", "Tjenestens lager kan ikke nås"),
    // Payees and accounts.
    row(
        "payee.malformed",
        422,
        "The payee is not a number of its kind",
        "Modtageren er ikke et gyldigt nummer af sin slags",
    ),
    row("payee.unknown", 404, "The payee is not in the register", "Modtageren findes ikke i registret"),
    row("payee.dead", 409, "The payee is dead or dissolved", "Modtageren er død eller opløst"),
    row("payee.replacement_number", 422, "Replacement numbers are not taken", "Erstatningsnumre modtages ikke"),
    row("account.malformed", 422, "The account is not valid", "Kontoen er ikke gyldig"),
    row("account.missing", 422, "No account is named", "Der er ikke angivet en konto"),
    row("account.currency", 422, "The currency is not valid", "Valutaen er ikke gyldig"),
    row("account.bic", 422, "The BIC is missing or another bank's", "BIC mangler eller er en anden banks"),
    row(
        "account.bic_country",
        422,
        "The BIC is of another country than the account",
        "BIC er fra et andet land end kontoen",
    ),
    row("designation.action", 422, "The action is not known", "Handlingen er ukendt"),
    row("designation.expects", 422, "The expected account is not valid", "Den forventede konto er ikke gyldig"),
    row("designation.expects_missing", 409, "Say which account is replaced", "Angiv, hvilken konto der erstattes"),
    row("designation.expects_mismatch", 409, "The account in force is another one", "Den gældende konto er en anden"),
    row("designation.frozen", 409, "The account is frozen", "Kontoen er spærret"),
    row(
        "designation.locked",
        409,
        "The payee has forbidden changes of the account",
        "Modtageren har spærret for ændringer af kontoen",
    ),
    row(
        "designation.superseded",
        409,
        "What stands did not come of that change",
        "Det, der gælder nu, kom ikke af den ændring",
    ),
    row("designation.none", 409, "There is no account to do this with", "Der er ingen konto at gøre dette med"),
    row("designation.other_bank", 403, "The account is with another bank", "Kontoen er i en anden bank"),
    row("designation.holder", 422, "Whose account it is cannot be read", "Hvis konto det er, kan ikke læses"),
    row("designation.purpose", 422, "Payer and benefit are given together", "Udbetaler og ydelse angives sammen"),
    row(
        "designation.specific",
        403,
        "A specific account is designated by a caseworker",
        "En særlig konto anvises af en sagsbehandler",
    ),
    row("designation.reason", 422, "The reason does not fit the action", "Årsagen passer ikke til handlingen"),
    row("designation.reason_missing", 422, "A reason is needed", "Der kræves en årsag"),
    row(
        "designation.consent",
        422,
        "This way of consent does not fit the change",
        "Denne form for samtykke passer ikke til ændringen",
    ),
    row("designation.consent_missing", 422, "Say how the customer consented", "Angiv, hvordan kunden samtykkede"),
    row("change.count", 422, "There are no changes, or too many", "Der er ingen ændringer eller for mange"),
    row("proposal.unknown", 404, "There is no such change", "Der er ingen sådan ændring"),
    row("proposal.not_in_force", 409, "The change has not taken effect", "Ændringen er ikke trådt i kraft"),
    row("proposal.ended", 409, "The change waits no more", "Ændringen venter ikke længere"),
    row("proposal.not_this", 409, "The change waits for something else", "Ændringen venter på noget andet"),
    row("proposal.own", 403, "You have a part in this already", "Du har allerede haft del i dette"),
    row("proposal.not_own", 403, "Another proposed it", "En anden har foreslået det"),
    row("proposal.why", 422, "Say why, in one line", "Angiv hvorfor, på én linje"),
    row("proposal.too_much", 409, "Too much was done about it already", "Der er allerede gjort for meget ved den"),
    row("activation.code", 422, "The code is not the newest letter's", "Koden er ikke det nyeste brevs"),
    row(
        "actor.assurance",
        403,
        "A login of higher assurance is needed",
        "Der kræves et login på højere sikringsniveau",
    ),
    row("actor.login_age", 403, "Log in again to sign", "Log ind igen for at underskrive"),
    row("actor.authenticator", 403, "This needs another authenticator", "Dette kræver et andet identifikationsmiddel"),
    row(
        "caseworker.in_person",
        403,
        "People do not come before this caseworker",
        "Borgere møder ikke frem for denne sagsbehandler",
    ),
    row(
        "designation.entitled",
        403,
        "You are not entitled to propose this account",
        "Du er ikke berettiget til at foreslå denne konto",
    ),
    row(
        "designation.authority",
        403,
        "A specific account is for the authority that pays",
        "En særlig konto anvises af den myndighed, der udbetaler",
    ),
    row(
        "designation.specific_locked",
        403,
        "The authority has locked this account",
        "Myndigheden har låst denne konto",
    ),
    row("designation.ground", 422, "Law and evidence are needed", "Der kræves hjemmel og dokumentation"),
    // What is a payee's own.
    row("citizen.other", 403, "This is somebody else's", "Dette er en andens"),
    row(
        "citizen.assurance",
        403,
        "This needs a login of higher assurance",
        "Dette kræver et login på højere sikringsniveau",
    ),
    row("change.why", 422, "Say why, in one line", "Angiv hvorfor, på én linje"),
    row("lock.in_person", 422, "Say how you know the owner", "Angiv, hvordan du kender ejeren"),
    row("contact.phone", 422, "The telephone number is not valid", "Telefonnummeret er ikke gyldigt"),
    row("contact.email", 422, "The e-mail address is not valid", "E-mailadressen er ikke gyldig"),
    row("contact.unknown", 404, "There is no such contact point", "Der er intet sådant kontaktpunkt"),
    row("contact.too_many", 409, "There are too many contact points", "Der er for mange kontaktpunkter"),
    row(
        "change.too_often",
        409,
        "Too many changes were proposed of late",
        "Der er foreslået for mange ændringer på det seneste",
    ),
    row("contact.too_often", 409, "Too many were added of late", "Der er tilføjet for mange på det seneste"),
    row("change.waiting", 409, "Another change of this account waits", "En anden ændring af kontoen venter"),
    row("ban.change", 409, "Accounts are not changed at present", "Konti ændres ikke for tiden"),
    row("ban.shared", 409, "Accounts are not shared at present", "Konti deles ikke for tiden"),
    row(
        "ban.third_party",
        409,
        "Only the payee's own account is designated at present",
        "Kun modtagerens egen konto anvises for tiden",
    ),
    row("look_up.count", 422, "There are no payees, or too many", "Der er ingen modtagere eller for mange"),
    row("look_up.purpose", 403, "Not a legal purpose of this client", "Ikke et lovligt formål for denne klient"),
    row(
        "subscription.purpose",
        403,
        "Nobody subscribes for this legal purpose",
        "Der abonneres ikke til dette lovlige formål",
    ),
    row("subscription.until", 422, "It ends too early or too late", "Det slutter for tidligt eller for sent"),
    row("subscription.account", 422, "An account is to be named, or none", "Der skal angives en konto, eller ingen"),
    row("subscription.unknown", 404, "There is no such subscription", "Der er intet sådant abonnement"),
    row(
        "subscription.count",
        422,
        "There are no subscriptions, or too many",
        "Der er ingen abonnementer eller for mange",
    ),
    row("look_up.benefit", 422, "Only a payer has benefits", "Kun en udbetaler har ydelser"),
    row("allowance.exhausted", 429, "Too many look-ups; wait a while", "For mange opslag; vent lidt"),
    row("bank.unknown", 422, "The bank is not in the directory", "Banken findes ikke i fortegnelsen"),
    row("bank.reg", 422, "The registration number is not valid", "Registreringsnummeret er ikke gyldigt"),
    row("bank.bic", 422, "The BIC is not valid", "BIC er ikke gyldig"),
    row("bank.country", 422, "The country is not one of the realm", "Landet hører ikke til riget"),
    row("payer.unknown", 404, "The payer is not registered", "Udbetaleren er ikke registreret"),
    row(
        "payer.other_kind",
        403,
        "The payer is of another kind than the client",
        "Udbetaleren er af en anden slags end klienten",
    ),
    row("payer.name", 422, "The payer's name is not valid", "Udbetalerens navn er ikke gyldigt"),
    row("payer.name_taken", 409, "The name is another payer's", "Navnet er en anden udbetalers"),
    row("payer.pay_to", 422, "The stand-in account is not valid", "Erstatningskontoen er ikke gyldig"),
    // What operators look after.
    row("motion.unknown", 404, "There is no such motion", "Der er intet sådant forslag"),
    row("motion.ended", 409, "The motion waits no more", "Forslaget venter ikke længere"),
    row("motion.own", 403, "Who proposes does not decide", "Den, der foreslår, afgør ikke selv"),
    row("motion.not_own", 403, "Only who proposed it takes it back", "Kun forslagsstilleren kan trække det tilbage"),
    row("motion.why", 422, "Say why, in one line", "Angiv hvorfor, på én linje"),
    row(
        "motion.outdated",
        409,
        "It was proposed against what holds no more",
        "Forslaget bygger på noget, der ikke længere gælder",
    ),
    row("motion.nothing", 409, "All is so already", "Alt er allerede sådan"),
    row("controls.unknown", 422, "No set or control has that name", "Ingen samling eller kontrol hedder sådan"),
    row("controls.figure", 422, "A control cannot be that", "En kontrol kan ikke indstilles sådan"),
    row("suspicion.unknown", 404, "There is no such suspicion report", "Der er ingen sådan indberetning"),
    row("suspicion.subject", 422, "There is nothing like that to report", "Der er intet sådant at indberette"),
    row("suspicion.text", 422, "Tell what is suspected", "Fortæl, hvad mistanken går ud på"),
    row("suspicion.from", 422, "There is no such bank or payer", "Der er ingen sådan bank eller udbetaler"),
    row("suspicion.too_many", 409, "Too many of your reports are open", "For mange af jeres indberetninger er åbne"),
    row("suspicion.state", 409, "The report does not stand there", "Indberetningen er ikke dér i forløbet"),
    row("suspicion.own", 403, "Who reports does not answer", "Den, der indberetter, besvarer ikke selv"),
    row("suspicion.why", 422, "Say why, in one line", "Angiv hvorfor, på én linje"),
    row("suspicion.routed", 403, "The paying authority answers it", "Den udbetalende myndighed besvarer den"),
    row("case.unknown", 404, "There is no such case", "Der er ingen sådan sag"),
    row("case.open", 409, "A case of this payee is open", "Der er allerede en åben sag for modtageren"),
    row("case.since", 422, "Since when is not valid", "Tidspunktet er ikke gyldigt"),
    row("case.state", 409, "The case does not stand there", "Sagen er ikke dér i forløbet"),
    row("case.nothing_changed", 409, "There is nothing to put back", "Der er intet at sætte tilbage"),
    row("case.no_proposal", 409, "It came by no proposal", "Ændringen kom ikke ved en anmodning"),
    row("case.nothing_left", 409, "Nothing left that can be asked back", "Der er intet sendt at kræve tilbage"),
    row("case.not_asked", 409, "Nobody asks that it is given out", "Ingen har bedt om udlevering"),
    row("case.bank", 422, "There is no such bank", "Der er ingen sådan bank"),
    row("case.not_concerned", 422, "Nothing is about that bank", "Intet i sagen vedrører den bank"),
    row("case.law", 422, "Say on which law", "Angiv hjemlen"),
    row("case.meanwhile", 409, "It changed meanwhile", "Det er ændret imens"),
    row("case.too_many_changes", 409, "Too much was changed since then", "For meget er ændret siden da"),
    row("case.own_recall", 403, "Another officer asks back", "Det skal en anden medarbejder kræve tilbage"),
    row("case.too_much", 409, "Too much was done under the case", "Der er gjort for meget i sagen"),
    row("case.own", 403, "Another officer has to say so", "Det skal en anden medarbejder sige"),
    row("case.why", 422, "Say why, in one line", "Angiv hvorfor, på én linje"),
    row("mark.unknown", 404, "There is no such mark", "Der er intet sådant mærke"),
    row("mark.report", 422, "There is no such suspicion report", "Der er ingen sådan indberetning"),
    row("mark.not_agreed", 409, "The report was not confirmed", "Indberetningen er ikke bekræftet"),
    row("mark.no_account", 422, "The report names no account", "Indberetningen nævner ingen konto"),
    row("mark.until", 422, "The mark's last day is not valid", "Mærkets sidste dag er ikke gyldig"),
    row("mark.too_many", 409, "As many marks stand as can", "Der kan ikke stå flere mærker"),
    row("mark.ended", 409, "The mark stands no more", "Mærket står ikke længere"),
    row(
        "mark.appealed",
        409,
        "An appeal waits, or there were too many",
        "En klage venter, eller der har været for mange",
    ),
    row("mark.not_appealed", 409, "No appeal waits", "Der venter ingen klage"),
    row(
        "mark.own",
        403,
        "Who had a part in the mark does not decide",
        "Den, der var med til mærket, afgør ikke klagen",
    ),
    row("mark.why", 422, "Say why, in one line", "Angiv hvorfor, på én linje"),
    row("collector.unknown", 404, "There is no such collector", "Der er ingen sådan opkræver"),
    row("collector.name", 422, "The collector's name is not valid", "Opkræverens navn er ikke gyldigt"),
    row("collector.review", 422, "The review date is not valid", "Datoen for gennemgang er ikke gyldig"),
    row("collector.company", 422, "The company is not in business", "Virksomheden er ikke aktiv"),
    row("collector.bank", 422, "The account's bank is not known", "Kontoens bank er ukendt"),
    row("collector.taken", 409, "Another company has the account", "En anden virksomhed har kontoen"),
    row("review.unknown", 404, "There is no such review", "Der er ingen sådan gennemgang"),
    row("review.until", 422, "The day is not valid", "Datoen er ikke gyldig"),
    row("review.seed", 422, "The seed is not valid", "Frøet er ikke gyldigt"),
    row(
        "letter.sender",
        409,
        "The service does not know who writes letters",
        "Tjenesten ved ikke, hvem der skriver breve",
    ),
    row("letter.protected", 403, "The address is protected", "Adressen er beskyttet"),
    row("letter.on_its_way", 409, "A letter is on its way", "Et brev er på vej"),
    row("letter.outdated", 409, "What the letter says is not so any more", "Brevets indhold gælder ikke længere"),
    row("letter.address", 422, "There is no address for a letter", "Der er ingen adresse til et brev"),
    row("letter.address_too_long", 422, "The address does not fit into the window", "Adressen er for lang til ruden"),
    row(
        "letter.character",
        422,
        "The letter has a character that cannot be drawn",
        "Brevet har et tegn, der ikke kan tegnes",
    ),
    row("letter.country", 422, "The recipient's country is not known", "Modtagerens land er ukendt"),
    row("letter.empty", 422, "A part of the letter is empty", "En del af brevet er tom"),
    row("letter.too_long", 422, "The letter does not fit on its page", "Brevet kan ikke være på siden"),
    row("notice.unknown", 404, "There is no such notice", "Der er ingen sådan besked"),
    row("notice.sent", 409, "The notice was sent", "Beskeden er sendt"),
    // Rows of a register's or a bank's list.
    row("row.malformed", 422, "A row is not as it must be", "En række er ikke, som den skal være"),
    row("row.empty_field", 422, "A field is empty", "Et felt er tomt"),
    row("row.field_too_long", 422, "A field is too long", "Et felt er for langt"),
    row("register.status", 422, "The status is not known", "Status er ukendt"),
    row("register.signatories", 422, "Who may sign is not valid", "Hvem der må tegne, er ikke gyldigt"),
    row("register.date", 422, "The date is not valid", "Datoen er ikke gyldig"),
    row("register.flag", 422, "The field is neither true nor false", "Feltet er hverken sandt eller falsk"),
    row("import.header", 422, "The list's header is not known", "Listens overskrift er ukendt"),
    row("row.control_character", 422, "A field has a control character", "Et felt har et kontroltegn"),
    row("register.count", 422, "There are no events, or too many", "Der er ingen hændelser eller for mange"),
    row("register.future", 422, "The event lies in the future", "Hændelsen ligger i fremtiden"),
    // Payment files.
    row("payout.refused", 422, "The payment file was refused as a whole", "Betalingsfilen blev afvist som helhed"),
    row("payout.misses", 422, "Too many payees are not there", "For mange modtagere findes ikke"),
    row("batch.unknown", 404, "There is no such batch", "Der er ingen sådan fil"),
    row("batch.nothing_completed", 404, "No payment went on", "Ingen betaling gik videre"),
    row("batch.input_not_kept", 409, "The file that came in was not kept", "Den modtagne fil er ikke bevaret"),
    row("batch.stage_unknown", 404, "There is no such stage", "Der er intet sådant trin"),
    row("batch.nothing_returned", 409, "Nothing came back", "Intet er kommet tilbage"),
    row("batch.payment_not_returned", 409, "The payment did not come back", "Betalingen er ikke kommet tilbage"),
    row("batch.nothing_held", 409, "Nothing is held", "Intet tilbageholdes"),
    row(
        "batch.not_asked",
        409,
        "No release was asked for that takes two",
        "Ingen har bedt om en frigivelse, der kræver to",
    ),
    row("batch.officer", 409, "A person with a name is wanted", "Der kræves en navngiven person"),
    row("batch.own", 403, "Who asks does not approve", "Den, der beder om det, godkender det ikke"),
    row("batch.not_stopped", 409, "It is not stopped", "Det er ikke standset"),
    row("batch.stopped", 409, "It is stopped already", "Det er allerede standset"),
    row("batch.why", 422, "Say why", "Angiv hvorfor"),
    row("recall.unknown", 404, "There is no such recall", "Der er ingen sådan tilbagekaldelse"),
    row("recall.payments", 422, "Name the payments", "Angiv betalingerne"),
    row("recall.payment_unknown", 422, "There is no such payment", "Der er ingen sådan betaling"),
    row("recall.held", 409, "The payment has not left", "Betalingen er ikke sendt endnu"),
    row("recall.not_sent", 409, "The payment was never sent", "Betalingen er aldrig sendt"),
    row("recall.came_back", 409, "The payment has come back", "Betalingen er kommet tilbage"),
    row("recall.waiting", 409, "The payment is in the waiting account", "Betalingen står på ventekontoen"),
    row("recall.open", 409, "The payment was asked back already", "Betalingen er allerede kaldt tilbage"),
    row("recall.no_bank", 409, "The paying bank is not known", "Det betalende pengeinstitut kendes ikke"),
    row("recall.why", 422, "Say why", "Angiv hvorfor"),
    row(
        "recall.no_transfer",
        404,
        "No bank told how it paid",
        "Intet pengeinstitut har oplyst, hvordan der blev betalt",
    ),
    row("recall.file", 422, "It is no message of answers", "Det er ikke et svar på tilbagekaldelser"),
    row("batch.payment_not_held", 409, "The payment is not held", "Betalingen tilbageholdes ikke"),
    // What banks return.
    row("return.file", 422, "The message is not as it must be", "Meddelelsen er ikke, som den skal være"),
    row("return.group", 422, "The payments are not named", "Betalingerne er ikke nævnt"),
    row("return.too_many", 422, "There are too many returns", "Der er for mange returneringer"),
    row("return.unknown", 404, "There is no such return", "Der er ingen sådan returnering"),
    row("return.settled", 409, "It was decided already", "Det er allerede afgjort"),
    row("return.why", 422, "Say why", "Angiv hvorfor"),
    row("return.no_amount", 409, "There is no amount", "Der er intet beløb"),
    row("return.currency", 409, "The currency is another", "Valutaen er en anden"),
    row("return.amount", 409, "The amount does not fit", "Beløbet passer ikke"),
    row("return.part", 409, "It lies in the waiting account as a whole", "Det står samlet på ventekontoen"),
    row("return.not_waiting", 409, "It is not in the waiting account", "Det står ikke på ventekontoen"),
    row("return.not_sent", 409, "The payment is not with a bank", "Betalingen er ikke hos en bank"),
    row("return.payment_unknown", 404, "There is no such payment", "Der er ingen sådan betaling"),
];

/// The row of a code, or that of a failure.
#[must_use]
pub fn find(code: &str) -> &'static Row {
    let of = |code: &str| CODES.iter().find(|row| row.code == code);
    of(code).or_else(|| of(FAILURE)).expect("a failure has a row")
}

#[cfg(test)]
mod console_only;

#[cfg(test)]
mod tests {
    use super::console_only::CONSOLE_ONLY;
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn each_code_stands_once_and_is_said_in_both_languages() {
        let mut seen = BTreeSet::new();
        for Row { code, status, english, danish } in CODES {
            assert!(seen.insert(*code), "{code} stands twice");
            assert!((400..600).contains(status), "{code}");
            assert!(
                !english.ends_with('.') && !english.is_empty() && !danish.ends_with('.') && !danish.is_empty(),
                "{code}"
            );
            assert!(*code == FAILURE || english != danish, "{code}");
        }
        assert!(CONSOLE_ONLY.iter().all(|code| !seen.contains(code)));
    }

    /// Reads the codes out of the sources: what a refusal answers as its code, and what a failure is given as one.
    #[test]
    fn every_code_of_every_crate_has_its_row() {
        let mut codes = BTreeSet::new();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for folder in std::fs::read_dir(crates).unwrap() {
            let folder = folder.unwrap().path();
            if !folder.ends_with("sim") {
                collect(&folder.join("src"), &mut codes);
            }
        }
        assert!(codes.len() > 60, "only {} codes were found", codes.len());
        for code in &codes {
            // The token endpoint tells of them in the words of its own standard.
            let is_oauth = eid::token::oauth_error(code) != "server_error";
            let known = is_oauth || CODES.iter().any(|row| row.code == code) || CONSOLE_ONLY.contains(&code.as_str());
            assert!(known, "{code} has no row: give it a status and a title in both languages");
        }
    }

    fn collect(folder: &Path, codes: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, codes);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                for body in text.split("fn code(&self)").skip(1) {
                    let body = body.split("\n    }").next().unwrap();
                    // Where the code is that of another refusal, it is found there; else a table of all stands in the same file.
                    let has_table = !body.contains('"') && !body.contains(".code()");
                    codes.extend(literals(if has_table { text } else { body }));
                }
                for rest in text.split("with_code(").skip(1).chain(text.split("Problem::of(").skip(1)) {
                    codes.extend(literals(rest.split(')').next().unwrap()));
                }
            }
        }
    }

    fn literals(text: &str) -> impl Iterator<Item = String> {
        let is_code = |text: &&str| {
            text.contains('.')
                && text.split('.').all(|word| !word.is_empty() && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_')))
        };
        text.split('"').skip(1).step_by(2).filter(is_code).map(str::to_owned)
    }
}
