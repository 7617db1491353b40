/* What reading comes to: a message, or why there is none. */
#ifndef JSON_OUTCOMES_H
#define JSON_OUTCOMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * What is refused: the functions of qmp_iothreadd/errors/json.py that say so, and what they take:
 * nothing, the line and the column of a token, or a text as well.
 */
#define JSON_REFUSALS(X) \
    X(json_token_size, "") \
    X(json_token_count, "") \
    X(json_nesting_depth, "") \
    X(json_premature_end, "KK") \
    X(json_stray, "KKO") \
    X(json_value_expected, "KK") \
    X(json_key_expected, "KK") \
    X(json_colon_expected, "KK") \
    X(json_member_end_expected, "KK") \
    X(json_element_end_expected, "KK") \
    X(json_duplicate_key, "KK") \
    X(json_invalid_keyword, "KKO") \
    X(json_invalid_escape, "KK") \
    X(json_invalid_utf8, "KK") \
    X(json_invalid_character, "KKO")

typedef enum JsonRefusal {
#define JSON_REFUSAL_VALUE(name, arguments) refusal_##name,
    JSON_REFUSALS(JSON_REFUSAL_VALUE)
#undef JSON_REFUSAL_VALUE
} JsonRefusal;

typedef enum JsonOutcome {
    JSON_UNFINISHED, /* more input is needed, or more tokens than were to be read */
    JSON_VALUE,      /* `nodes` are one */
    JSON_REFUSED,    /* `refused` says what */
    JSON_NO_MEMORY,  /* the message is dropped */
} JsonOutcome;

typedef struct JsonRefused {
    JsonRefusal what;
    const uint8_t *text; /* until the message is cleared, or its input goes */
    size_t size;
} JsonRefused;

#endif
