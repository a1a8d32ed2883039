"""Reading of Chinese as written: numbers, casualty words, and the setting (past, abroad, drill, fiction) of a sentence."""
