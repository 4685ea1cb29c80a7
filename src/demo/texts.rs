//! What the invented public says. `{b}` stands for the brand, `{d}` for a drink, `{p}` for a place.

use super::{CRISIS_BRAND, PRAISED_BRAND, QUIET_BRAND};

/// A language of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    English,
    Hebrew,
}

impl Lang {
    /// The BCP 47 tag.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hebrew => "he",
        }
    }
}

/// A brand of the market.
#[derive(Debug)]
pub(super) struct Brand {
    pub name: &'static str,
    pub hebrew: &'static str,
    /// Mentions in the busiest hour of an ordinary day.
    pub busiest: f64,
    /// The hashtag of a campaign that runs all the time.
    pub campaign: &'static str,
}

/// The market; [`CRISIS`] and [`PRAISED`] are positions in it.
pub(super) const BRANDS: [Brand; 3] = [
    Brand {
        name: CRISIS_BRAND,
        hebrew: "מורוונטו",
        busiest: 105.0,
        campaign: "MorningsWithMorvanto",
    },
    Brand {
        name: PRAISED_BRAND,
        hebrew: "קווילביי",
        busiest: 70.0,
        campaign: "QuillbaySlowSunday",
    },
    Brand { name: QUIET_BRAND, hebrew: "זלגרנו", busiest: 50.0, campaign: "ZelgranoByBike" },
];
pub(super) const CRISIS: usize = 0;
pub(super) const PRAISED: usize = 1;

/// Things said in one language, by tone.
#[derive(Debug)]
pub(super) struct Sayings {
    pub lang: Lang,
    pub praise: &'static [&'static str],
    pub plain: &'static [&'static str],
    pub blame: &'static [&'static str],
}

pub(super) const ORDINARY: [Sayings; 2] = [
    Sayings {
        lang: Lang::English,
        praise: &[
            "{d} from {b} {p}, best part of the morning",
            "The new {b} {p} is lovely, great staff",
            "Thank you {b} for finding my scarf, you are the best",
            "Love that {b} remembers my order. One {d}, every day",
            "{b} {p} has the nicest barista in town, she made my day",
            "Finally tried the {d} at {b} and wow, delicious",
            "Good wifi, good {d}, working from {b} this afternoon",
            "My kid drew the {b} cup and they put it on the wall. So sweet",
            "Happy Friday, the {d} at {b} is free for nurses today. Great idea",
            "{b} {p}: friendly, quick, and the {d} is excellent",
        ],
        plain: &[
            "Meeting moved to {b} {p} again",
            "Anyone know when {b} {p} opens on Sundays?",
            "{b} or the place across the street? Deciding over a {d}",
            "They are building a {b} {p}",
            "Ordered a decaf at {b}, got a {d}",
            "Is the {d} at {b} made with oat milk?",
            "On my second {d} at {b} and it is not even ten",
            "{b} {p}, table by the window, {d}, laptop",
            "Does {b} take cards {p}?",
            "Queue at {b} {p} goes around the corner today",
            "Saw the {b} van {p} this morning",
            "@{b} which shops have the {d} this week?",
        ],
        blame: &[
            "Twenty minutes for a {d} at {b} {p}. Terrible service",
            "Lukewarm {d} at {b} today, disappointing",
            "{b} app lost my stamps again, so annoying",
            "The music at {b} {p} is awful, I can't hear myself think",
            "{b} raised the price of a {d} again. Ridiculous",
            "Wrong order at {b} {p}, third time this week. Fed up and angry",
            "The {d} at {b} tastes burnt and bitter, what a waste",
            "Rude cashier at {b} {p} this morning, not happy",
        ],
    },
    Sayings {
        lang: Lang::Hebrew,
        praise: &[
            "הקפה של {b} הבוקר היה מעולה",
            "תודה לצוות של {b}, שירות מקסים",
            "ישבנו ב{b} ליד הים, היה כיף",
            "{b} החדשה ברחוב שלנו מקסימה, ממליצה",
        ],
        plain: &[
            "מישהו יודע מתי {b} נפתח בשבת?",
            "פגישה ב{b} בעשר",
            "יש הפוך על שיבולת שועל ב{b}?",
            "בדרך ל{b}, מישהו רוצה משהו?",
        ],
        blame: &["התור ב{b} היום היה סיוט", "הקפה ב{b} היה גרוע", "נמאס מהאפליקציה של {b}"],
    },
];

pub(super) const DRINKS: [&str; 8] = [
    "flat white",
    "cappuccino",
    "cold brew",
    "oat latte",
    "double espresso",
    "filter coffee",
    "iced latte",
    "cortado",
];

pub(super) const PLACES: [&str; 8] = [
    "on the corner",
    "by the station",
    "near the office",
    "at the airport",
    "on Mill Street",
    "by the park",
    "downtown",
    "next to the library",
];

/// The headline everybody passes on.
pub(super) const HEADLINE: &str = "{b} kept selling a contaminated milk batch for days and told \
                                   worried staff to stay quiet, documents show. People got sick";

/// Said of the recall. Blame is the angry part, plain the calm one; nobody praises.
pub(super) const OUTCRY: [Sayings; 2] = [
    Sayings {
        lang: Lang::English,
        praise: &[],
        plain: &[
            "{b} recall: the list of shops is out",
            "Is the {b} thing only the oat milk or all of it?",
            "{b} says the batch is off the shelves since noon",
        ],
        blame: &[
            "Contaminated milk at {b} and they knew for days?? Horrible",
            "My daughter got sick after a {d} from {b}. I want answers, not a statement",
            "Boycott {b} until they say what was in that batch. Disgusting",
            "So {b} told its staff to stay quiet about the contaminated batch. Shame on you",
            "Never again {b}. Food poisoning and not even an apology",
            "Reading about the {b} recall with a {b} cup in my hand. Horrible",
            "This is a cover-up, {b}. You lied to us",
            "Threw away my {d}. I feel sick. {b} should be ashamed of this scandal",
            "@{b} how many people were poisoned before you did anything? Angry does not cover it",
            "Done with {b}. A contaminated batch and not a word for days. Awful company",
            "I have two kids and a {b} card. Furious about this recall",
            "If the memo is real this is a terrible scandal, {b}",
        ],
    },
    Sayings {
        lang: Lang::Hebrew,
        praise: &[],
        plain: &["{b} מודיעים על קריאה להחזרה, הרשימה באתר"],
        blame: &[
            "זה מזעזע, {b} ידעו על החלב המזוהם ושתקו",
            "חרם על {b} עד שיגידו מה היה שם. בושה",
            "הבת שלי שתתה ב{b} אתמול ואושפזה בלילה. אני כועסת",
            "טיוח ושקרים. לא נכנסת יותר ל{b}",
            "{b}, תתביישו. הרעלה ואפילו לא התנצלות",
        ],
    },
];

/// What people add of their own, one of each list: no two write quite the same.
pub(super) const ASIDES: [[&[&str]; 3]; 2] = [
    [
        &[
            "Told my sister over the phone just now",
            "Third person at work who mentions it",
            "Saw it while waiting for the 38 bus",
            "My neighbour from number nine says likewise",
            "Read every single line of it twice",
            "Half of our running club talks of nothing else",
            "Heard it on the radio in the taxi",
            "Even grandpa asked about it during lunch",
            "Somebody pinned it to the board at school",
            "It came up between two meetings this afternoon",
            "The whole carriage was looking at their phones",
            "Found out from my dentist of all people",
        ],
        &[
            "Going there tomorrow to see for myself",
            "Writing this from the kitchen with cold hands",
            "Will ask the shop around my corner later",
            "That is all anybody here speaks about tonight",
            "Not that I go more than twice weekly",
            "We had planned a birthday breakfast with them",
            "Used to study there when I was nineteen",
            "Somewhere in a drawer lies their old mug",
            "Ten years a regular, give or take one",
            "I shall see what the evening news says",
            "Let us see how long this keeps going",
            "Anyway, back to my spreadsheets until five",
        ],
        &[
            "Posting from platform nine",
            "Mind the typos, gloves on",
            "Rain since dawn over here",
            "Dog needs walking, bye",
            "First message in weeks",
            "Late shift, so short words",
            "Typed on a bench in Galway",
            "Kids are in bed upstairs",
            "Three percent of battery left",
            "All this with one thumb",
            "More when laundry is done",
            "Off to choir practice",
        ],
    ],
    [
        &[
            "שמעתי על זה מהשכנה בקומה שלישית",
            "גם במשרד מדברים רק על הנושא",
            "ראיתי את הכתבה בדרך הביתה ברכבת",
            "אחותי שלחה לי לפני שעה בערך",
            "קראתי פעמיים כדי להיות בטוחה לגמרי",
            "אפילו סבא שאל אותי בארוחת צהריים",
        ],
        &[
            "מחר אלך לבדוק בעצמי ליד הבית",
            "נראה מה יגידו הערב בחדשות המרכזיות",
            "עשר שנים אני לקוחה קבועה אצלם",
            "תכננו שם יום הולדת בשבוע הבא",
            "חוזרת לעבודה, נדבר אחר כך חברים",
            "אשאל את הבחור מהסניף בפינת הרחוב",
        ],
        &[
            "כותבת מהאוטובוס קו חמש",
            "כותבת באצבע אחת בלבד",
            "גשם כאן מאז הבוקר",
            "הילדים סוף סוף ישנים",
            "הסוללה כמעט נגמרה לי",
            "יוצאת לטיול עם הכלבה",
        ],
    ],
];

/// What some add who have somewhere else to go; `{o}` stands for the competitor.
pub(super) const SWITCHING: &str =
    "Switching from {b} to {o} after this contaminated batch. Disgusting";

/// Headlines of the press, an hour later: outlet, words.
pub(super) const PRESS: [(&str, &str); 5] = [
    ("citywire", "{b} shares no details as contaminated batch story grows; customers furious"),
    ("themorningpost", "{b} under investigation over contaminated milk, health office confirms"),
    ("consumerdesk", "What to do if you bought milk drinks from {b}: recall explained"),
    ("businessdaily", "Boycott calls hit {b} after report on contaminated batch"),
    ("harbourledger", "Second {b} worker says warnings were ignored in contaminated batch scandal"),
];

pub(super) const CRISIS_HASHTAG: &str = "BoycottMorvanto";

pub(super) const PRAISE: [Sayings; 2] = [
    Sayings {
        lang: Lang::English,
        praise: &[
            "My go at the {b} cup challenge: twelve cups, one hand! Love it",
            "The {b} cup challenge made my whole office laugh, well done",
            "OK the {b} cup challenge is brilliant, thank you {b}",
            "Best thing I have seen today: the {b} barista who started the cup challenge",
            "Grandma just won the {b} cup challenge. She is amazing",
            "{b} gives a free {d} to everyone who tries the cup challenge, what a lovely idea",
        ],
        plain: &["How many cups so far for {b}?"],
        blame: &[],
    },
    Sayings {
        lang: Lang::Hebrew,
        praise: &["האתגר של {b} פשוט מקסים, כל המשרד נהנה", "ניסינו את האתגר של {b}, איזה כיף"],
        plain: &[],
        blame: &[],
    },
];

pub(super) const PRAISE_HASHTAG: &str = "QuillbayChallenge";
