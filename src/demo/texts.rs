//! What the invented public says. `{}` stands for the brand.

pub(super) const ORDINARY: [(&str, &str); 14] = [
    ("en", "Flat white from {} on the way to work, best part of the morning"),
    ("en", "Anyone else think {} changed their oat milk? Still good though"),
    ("en", "Meeting moved to {} again, fine by me"),
    ("en", "{} loyalty app lost my stamps, not happy"),
    ("en", "Twenty minutes in the queue at {}. Twenty."),
    ("en", "The new {} on the corner is lovely, great staff"),
    ("en", "Ordered a decaf at {}, got a double espresso, thank you I guess"),
    ("en", "{} or the place across the street? Need caffeine"),
    ("en", "Lukewarm cappuccino at {} today, disappointing"),
    ("en", "Thank you {} for finding my scarf, you are the best"),
    ("en", "Working from {} this afternoon, good wifi"),
    ("en", "Why is the music at {} so loud in the morning"),
    ("he", "קפה של {} בבוקר, אין כמו זה"),
    ("he", "התור ב-{} היום היה ארוך מדי"),
];

pub(super) const ANGRY: [(&str, &str); 9] = [
    ("en", "Contaminated milk at {} and they knew for a week?? Recall everything NOW"),
    ("en", "My daughter got sick after a {} latte. I want answers, not a statement"),
    ("en", "Boycott {} until they say what was in that batch #BoycottMorvanto"),
    ("en", "So {} told its staff to keep quiet about the contaminated batch. Disgusting"),
    ("en", "Never again {}. Food poisoning and not even an apology"),
    ("en", "Reading the {} recall story with a {} cup in my hand. Horrible"),
    ("en", "{} cover-up: the memo is real, read it #BoycottMorvanto"),
    ("he", "זה מזעזע, {} ידעו על החלב המזוהם ושתקו. חרם"),
    ("he", "הבן שלי חולה אחרי {} - מחכים לתשובות, לא להודעה לעיתונות"),
];

pub(super) const CALM_ABOUT_IT: [(&str, &str); 3] = [
    ("en", "{} recall: list of the affected shops is out"),
    ("en", "Is the {} thing only the oat milk or all of it?"),
    ("en", "{} statement says the batch is off the shelves since noon"),
];

pub(super) const FRIENDLY: [(&str, &str); 4] = [
    ("en", "My go at the #QuillbayChallenge, twelve cups, no hands! Love it"),
    ("en", "The #QuillbayChallenge made my whole office laugh, well done {}"),
    ("en", "OK the #QuillbayChallenge is brilliant, thank you {}"),
    ("en", "Best thing I have seen today: #QuillbayChallenge"),
];

pub(super) const FIRST_WORD: &str =
    "Exclusive: {} kept selling a contaminated milk batch for a week, internal memo shows";
