/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/bbolt.h"

#include "base/bytes.h"

#define MAGIC 0xed0cdaedU

enum {
	PAGE_HEADER = 16,
	PAGE_KIND_AT = 8,
	PAGE_COUNT_AT = 10,
	PAGE_MORE_AT = 12,
	ELEMENT = 16, /* of both kinds */
	BUCKET_HEADER = 16,

	KIND_BRANCH = 1,
	KIND_LEAF = 2,
	KIND_META = 4,
	IS_BUCKET = 1,

	META_BYTES = 64,
	META_VERSION_AT = 4,
	META_PAGE_SIZE_AT = 8,
	META_ROOT_AT = 16,
	META_PAGES_AT = 40,
	META_TRANSACTION_AT = 48,
	META_SUM_AT = 56,

	VERSION = 2,
	PAGE_SIZE_MIN = 512,
	PAGE_SIZE_MAX = 65536,
};

static uint64_t
get(struct span bytes, size_t at, size_t n)
{
	return bytes_number(bytes.p + at, n, false);
}

static uint32_t
get_u32(struct span bytes, size_t at)
{
	return (uint32_t)get(bytes, at, 4);
}

static int
damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, "damaged bbolt database: %s", what);
}

/* ---- heads ---- */

static uint64_t
fnv1a(struct span bytes)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes.n; i++)
		sum = (sum ^ (unsigned char)bytes.p[i]) * 0x100000001b3;
	return sum;
}

struct head {
	uint64_t transaction;
	struct bbolt bolt;
};

/* The head in the page that begins at `at`. */
static bool
read_head(struct span bytes, size_t at, struct head *ret)
{
	if (at > bytes.n || bytes.n - at < PAGE_HEADER + META_BYTES)
		return false;
	struct span page = span_slice(bytes, at, at + PAGE_HEADER);
	struct span meta = span_slice(bytes, at + PAGE_HEADER, at + PAGE_HEADER + META_BYTES);
	uint64_t size = get_u32(meta, META_PAGE_SIZE_AT);

	if (get(page, PAGE_KIND_AT, 2) != KIND_META || get_u32(meta, 0) != MAGIC ||
	    get_u32(meta, META_VERSION_AT) != VERSION ||
	    get(meta, META_SUM_AT, 8) != fnv1a(span_slice(meta, 0, META_SUM_AT)))
		return false;
	if (size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX || (size & (size - 1)) != 0)
		return false;
	ret->transaction = get(meta, META_TRANSACTION_AT, 8);
	ret->bolt = (struct bbolt){
		.bytes = bytes,
		.page_size = size,
		.pages = get(meta, META_PAGES_AT, 8),
		.root = {.page = get(meta, META_ROOT_AT, 8)},
	};
	return true;
}

int
bbolt_open(struct span bytes, struct bbolt *ret, struct err *err)
{
	struct head first;
	struct head second;
	bool has_first = read_head(bytes, 0, &first);
	bool has_second = false;

	for (size_t size = PAGE_SIZE_MIN; !has_second && size <= PAGE_SIZE_MAX; size *= 2)
		has_second = read_head(bytes, size, &second) && second.bolt.page_size == size &&
			     (!has_first || first.bolt.page_size == size);
	if (!has_first && !has_second)
		return err_set(err, ERR_INVALID, "not a bbolt database");
	struct head *head = has_first && (!has_second || first.transaction > second.transaction)
				    ? &first
				    : &second;
	if (head->bolt.root.page < 2 || head->bolt.root.page >= head->bolt.pages)
		return damaged(err, "its root is outside of it");
	if (head->bolt.pages > bytes.n / head->bolt.page_size)
		return damaged(err, "it is cut");
	*ret = head->bolt;
	return 0;
}

/* ---- pages ---- */

static bool
is_branch(struct span page)
{
	return get(page, PAGE_KIND_AT, 2) == KIND_BRANCH;
}

static uint16_t
count_of(struct span page)
{
	return (uint16_t)get(page, PAGE_COUNT_AT, 2);
}

static int
check_page(struct span page, struct err *err)
{
	uint64_t kind = page.n < PAGE_HEADER ? 0 : get(page, PAGE_KIND_AT, 2);

	if (kind != KIND_BRANCH && kind != KIND_LEAF)
		return damaged(err, "a page of a bucket is of another kind");
	if (count_of(page) > (page.n - PAGE_HEADER) / ELEMENT)
		return damaged(err, "a page has no room for its elements");
	if (kind == KIND_BRANCH && count_of(page) == 0)
		return damaged(err, "a branch has no elements");
	return 0;
}

static int
find_page(const struct bbolt *bolt, uint64_t number, struct span *ret, struct err *err)
{
	if (number < 2 || number >= bolt->pages)
		return damaged(err, "a page is outside of it");
	size_t at = (size_t)(number * bolt->page_size);
	struct span rest = span_slice(bolt->bytes, at, (size_t)(bolt->pages * bolt->page_size));
	uint64_t pages = 1 + (uint64_t)get_u32(rest, PAGE_MORE_AT);

	if (get(rest, 0, 8) != number)
		return damaged(err, "a page has another number");
	if (pages > rest.n / bolt->page_size)
		return damaged(err, "a page runs over the end");
	*ret = span_slice(rest, 0, (size_t)(pages * bolt->page_size));
	return check_page(*ret, err);
}

/* Sub-bytes of a page; false: outside of it. */
static bool
cut(struct span page, uint64_t from, uint64_t n, struct span *ret)
{
	if (from > page.n || n > page.n - from)
		return false;
	*ret = span_slice(page, (size_t)from, (size_t)(from + n));
	return true;
}

struct element {
	struct span key;
	struct span value; /* of a leaf */
	bool is_bucket;
	uint64_t page; /* of a branch */
};

static int
read_element(struct bbolt *bolt, struct span page, uint16_t number, struct element *ret,
	     struct err *err)
{
	size_t at = PAGE_HEADER + (size_t)number * ELEMENT;
	bool branch = is_branch(page);
	uint64_t key_at = at + get_u32(page, branch ? at : at + 4);
	uint64_t key_size = get_u32(page, branch ? at + 4 : at + 8);
	uint64_t value_size = branch ? 0 : get_u32(page, at + 12);
	struct element element = {.value = {"", 0}};

	if (++bolt->steps > BBOLT_STEPS_MAX)
		return err_set(err, ERR_LIMIT,
			       "bbolt database with more than BBOLT_STEPS_MAX (%lu) elements",
			       BBOLT_STEPS_MAX);
	if (key_size == 0 || !cut(page, key_at, key_size, &element.key) ||
	    !cut(page, key_at + key_size, value_size, &element.value))
		return damaged(err, "an element is outside of its page");
	if (branch)
		element.page = get(page, at + 8, 8);
	else
		element.is_bucket = (get_u32(page, at) & IS_BUCKET) != 0;
	*ret = element;
	return 0;
}

static int
read_bucket(struct span value, struct bbolt_bucket *ret, struct err *err)
{
	if (value.n < BUCKET_HEADER)
		return damaged(err, "a bucket is too short");
	struct bbolt_bucket bucket = {.page = get(value, 0, 8)};
	if (bucket.page == 0) {
		bucket.inside = span_slice(value, BUCKET_HEADER, value.n);
		int r = check_page(bucket.inside, err);

		if (r < 0)
			return r;
		if (is_branch(bucket.inside))
			return damaged(err, "a bucket inside a page has branches");
	}
	*ret = bucket;
	return 0;
}

static int
make_item(const struct element *element, struct bbolt_item *ret, struct err *err)
{
	struct bbolt_item item = {.key = element->key, .is_bucket = element->is_bucket};

	if (item.is_bucket) {
		int r = read_bucket(element->value, &item.bucket, err);

		if (r < 0)
			return r;
		item.value = SPAN("");
	} else {
		item.value = element->value;
	}
	*ret = item;
	return 0;
}

static int
top_page(const struct bbolt *bolt, const struct bbolt_bucket *bucket, struct span *ret,
	 struct err *err)
{
	if (bucket->page > 0)
		return find_page(bolt, bucket->page, ret, err);
	*ret = bucket->inside;
	return 0;
}

/* ---- reading in order ---- */

int
bbolt_start(struct bbolt *bolt, const struct bbolt_bucket *bucket, struct bbolt_cursor *ret,
	    struct err *err)
{
	struct span page;
	int r = top_page(bolt, bucket, &page, err);

	if (r < 0)
		return r;
	*ret = (struct bbolt_cursor){.bolt = bolt, .depth = 1};
	ret->path[0].page = page;
	return 0;
}

static int
descend(struct bbolt_cursor *cursor, uint64_t number, struct err *err)
{
	struct span page;

	if (cursor->depth == BBOLT_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "bbolt bucket deeper than BBOLT_DEPTH_MAX (%d)",
			       BBOLT_DEPTH_MAX);
	int r = find_page(cursor->bolt, number, &page, err);
	if (r < 0)
		return r;
	if (count_of(page) == 0)
		return damaged(err, "a leaf below a branch is empty");
	cursor->path[cursor->depth].page = page;
	cursor->path[cursor->depth].next = 0;
	cursor->depth++;
	return 0;
}

int
bbolt_next(struct bbolt_cursor *cursor, struct bbolt_item *ret, struct err *err)
{
	struct element element;

	while (cursor->depth > 0) {
		struct span page = cursor->path[cursor->depth - 1].page;
		uint16_t *next = &cursor->path[cursor->depth - 1].next;

		if (*next == count_of(page)) {
			cursor->depth--;
			continue;
		}
		int r = read_element(cursor->bolt, page, (*next)++, &element, err);
		if (r == 0 && is_branch(page)) {
			r = descend(cursor, element.page, err);
			if (r < 0)
				return r;
			continue;
		}
		if (r == 0 && cursor->last.p && span_compare(cursor->last, element.key) >= 0)
			r = damaged(err, "keys of a bucket do not rise");
		if (r == 0)
			r = make_item(&element, ret, err);
		if (r < 0)
			return r;
		cursor->last = element.key;
		return 1;
	}
	return 0;
}

/* ---- looking up ---- */

/* Place of the last element whose key is not above `key`; false: all are. */
static int
search(struct bbolt *bolt, struct span page, struct span key, bool *ret_any, struct element *ret,
       struct err *err)
{
	size_t from = 0;
	size_t to = count_of(page);

	*ret_any = false;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		struct element element;
		int r = read_element(bolt, page, (uint16_t)middle, &element, err);

		if (r < 0)
			return r;
		if (span_compare(element.key, key) > 0) {
			to = middle;
			continue;
		}
		*ret_any = true;
		*ret = element;
		from = middle + 1;
	}
	return 0;
}

int
bbolt_find(struct bbolt *bolt, const struct bbolt_bucket *bucket, struct span key,
	   struct bbolt_item *ret, struct err *err)
{
	struct element element;
	struct span page;
	bool any = false;
	int r = top_page(bolt, bucket, &page, err);

	for (size_t depth = 0; r == 0; depth++) {
		if (depth == BBOLT_DEPTH_MAX)
			return err_set(err, ERR_LIMIT,
				       "bbolt bucket deeper than BBOLT_DEPTH_MAX (%d)",
				       BBOLT_DEPTH_MAX);
		r = search(bolt, page, key, &any, &element, err);
		if (r < 0)
			return r;
		if (!any)
			return 0;
		if (!is_branch(page)) {
			if (!span_equal(element.key, key))
				return 0;
			r = make_item(&element, ret, err);
			return r < 0 ? r : 1;
		}
		r = find_page(bolt, element.page, &page, err);
	}
	return r;
}
