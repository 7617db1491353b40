/*
 * Random near-JSON for the reader's core, without Python: `fuzz_reader SECONDS SEED`.
 *
 * Each input is read twice: whole, and in random pieces, a few tokens at a time. Both have to say the
 * same. Memory and behaviour are the sanitizers' to judge. Small limits make each of them be met.
 */
#include <stdio.h>
#include <time.h>

#include "reader.h"

enum { INPUT_MAX = 4096, SAID_MAX = 1 << 16 };

/* What a reader said: outcomes with positions, and the nodes of values. */
typedef struct Said {
    char text[SAID_MAX];
    size_t size;
} Said;

static uint64_t state;

static uint32_t below(uint32_t limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % limit);
}

static size_t make_input(uint8_t *input)
{
    static const char *const fragments[] = {
        "{", "}", "[", "]", ":", ",", "\"", "'", "\\", "-", "+", ".", "e", "0", "1", " ", "\n", "\t",
        "#", "\x01", "\x80", "\xc3", "\xfe", "\"a\"", "\"b\":", "\"a\":1", "1,", "},", "{\"a\":1}",
        "true", "null", "nul", "12", "01", "1.5", "1e400", "18446744073709551616", "\\n", "\\x",
        "\\u", "\\u12", "\\u0000", "\\uffff", "\\ud83d", "\\ude00", "\xc0\x80", "\xed\xa0\x80",
        "\xf0\x9f\x98\x80", "abcdefghijklmnop", "\"abcdefgh\xc3\xa9\"", "[[[[[[[[", "]]]]]]]]",
        "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,",
    };
    size_t size = 0;

    for (uint32_t count = below(60); count; count--) {
        const char *const each = fragments[below(sizeof(fragments) / sizeof(fragments[0]))];
        memcpy(input + size, each, strlen(each));
        size += strlen(each);
    }
    for (uint32_t count = size ? below(3) : 0; count; count--) {
        input[below((uint32_t)size)] = (uint8_t)below(256);
    }
    return size;
}

static void say(Said *said, const void *data, size_t size)
{
    if (size && said->size + size <= SAID_MAX) {
        memcpy(said->text + said->size, data, size);
        said->size += size;
    }
}

static void say_nodes(Said *said, const JsonNodes *nodes)
{
    for (uint32_t i = 0; i < nodes->used; i++) {
        const JsonNode *const node = &nodes->data[i];
        say(said, &node->kind, 1);
        say(said, &node->size, sizeof(node->size));
        if (node->kind == JSON_NODE_KEY || node->kind == JSON_NODE_STRING) {
            say(said, &node->characters, 1);
            say(said, json_node_text(nodes, node), node->size);
        } else if (node->kind == JSON_NODE_NUMERAL) {
            say(said, json_node_text(nodes, node), node->size + 1);
        } else if (node->kind >= JSON_NODE_INT64 && node->kind <= JSON_NODE_DOUBLE) {
            say(said, &node->natural, sizeof(node->natural));
        }
    }
}

static void tell(Said *said, JsonReader *reader, JsonOutcome outcome)
{
    say(said, &outcome, sizeof(outcome));
    if (outcome == JSON_VALUE) {
        say_nodes(said, &reader->grammar.nodes);
    } else if (outcome == JSON_REFUSED) {
        const uint64_t place[] = {reader->grammar.refused.what, reader->lexer.token_line,
                                  reader->lexer.token_column};
        say(said, place, sizeof(place));
        if (reader->grammar.refused.what == refusal_json_stray ||
            reader->grammar.refused.what == refusal_json_invalid_keyword ||
            reader->grammar.refused.what == refusal_json_invalid_character) {
            say(said, reader->grammar.refused.text, reader->grammar.refused.size);
        }
    }
    if (outcome) {
        json_reader_clear(reader);
    }
}

/* Read pieces of at most `piece` bytes, `tokens` at once. Each is a heap object of its own. */
static void read_all(Said *said, const JsonLimits *limits, const uint8_t *input, size_t size,
                     uint32_t piece, size_t tokens)
{
    const JsonSecret secret = {{1, 2}};
    JsonReader reader;
    bool more = true;

    said->size = 0;
    json_reader_init(&reader, limits, &secret);
    while (size) {
        const size_t length = piece && below(piece) + 1 < size ? below(piece) % size + 1 : size;
        uint8_t *const copy = malloc(length);
        memcpy(copy, input, length);
        JsonInput in = {copy, copy + length};
        while (in.at < in.end) {
            size_t left = tokens;
            const JsonOutcome outcome = json_read(&reader, &in, &left);
            if (outcome) {
                tell(said, &reader, outcome);
            }
        }
        free(copy);
        input += length;
        size -= length;
    }
    while (more) {
        const JsonOutcome outcome = json_read_end(&reader, &more);
        if (outcome) {
            tell(said, &reader, outcome);
        }
    }
    json_reader_destroy(&reader);
}

int main(int argc, char **argv)
{
    static uint8_t input[INPUT_MAX];
    static Said whole, pieces;
    const time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    unsigned long rounds = 0;

    state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    for (; rounds % 64 || time(NULL) < end; rounds++) {
        const size_t size = make_input(input);
        JsonLimits limits = JSON_LIMITS;
        if (below(2)) {
            limits = (JsonLimits){below(60) + 1, below(30) + 1, below(6) + 1};
        }
        read_all(&whole, &limits, input, size, 0, SIZE_MAX);
        read_all(&pieces, &limits, input, size, below(20) + 1, below(5) + 1);
        if (whole.size != pieces.size || memcmp(whole.text, pieces.text, whole.size) != 0) {
            fprintf(stderr, "not the same in pieces: ");
            for (size_t i = 0; i < size; i++) {
                fprintf(stderr, "\\x%02x", input[i]);
            }
            fprintf(stderr, " (limits %zu, %zu, %zu)\n", limits.size, limits.tokens, limits.depth);
            return 1;
        }
    }
    printf("%lu inputs, no fault\n", rounds);
    return 0;
}
