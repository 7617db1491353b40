/*
 * Intrusive doubly-linked lists. A link that is in no list has next == NULL, so membership
 * costs one load and needs no flag of its own.
 */
#ifndef IOTHREADD_LIST_H
#define IOTHREADD_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct AioLink {
    struct AioLink *next;
    struct AioLink *prev;
} AioLink;

#define aio_container_of(link, type, member) ((type *)((char *)(link) - offsetof(type, member)))

/* `next` is read ahead: the body may remove the current link, and only that one. */
#define AIO_LIST_FOREACH(link, list)                                                           \
    for (AioLink *link = (list)->next, *link##_next = link->next; link != (list);              \
         link = link##_next, link##_next = link->next)

static inline void aio_list_init(AioLink *list)
{
    list->next = list->prev = list;
}

static inline bool aio_list_empty(const AioLink *list)
{
    return list->next == list;
}

static inline bool aio_link_inserted(const AioLink *link)
{
    return link->next != NULL;
}

static inline void aio_list_insert_after(AioLink *where, AioLink *link)
{
    link->prev = where;
    link->next = where->next;
    where->next->prev = link;
    where->next = link;
}

static inline void aio_list_insert_head(AioLink *list, AioLink *link)
{
    aio_list_insert_after(list, link);
}

static inline void aio_list_insert_tail(AioLink *list, AioLink *link)
{
    aio_list_insert_after(list->prev, link);
}

static inline void aio_list_remove(AioLink *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
}

static inline void aio_list_remove_if_inserted(AioLink *link)
{
    if (aio_link_inserted(link)) {
        aio_list_remove(link);
    }
}

#endif
