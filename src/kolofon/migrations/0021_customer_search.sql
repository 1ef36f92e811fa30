-- Finding customers by what somebody remembers of them.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- One row a customer: everything it can be found by, folded (case, accents, spaces, forms of writing) and each with the
-- partner and the kind of thing it is, so that one index answers any mixture of criteria. A lexeme is the partner's
-- number, a letter and the thing itself, as in 1l:hansen. The letters:
--   f first and middle names    l middle and last names     c company and department
--   s street and post address   h street number, also with  y postal place
--   x entrance                    its entrance              z postal code
--   o country                   p phone number, digits      e e-mail address
--   r organisation number       i external identifier       k reference code and external identifier
--   n customer number, and those that were merged into it
create table customer_search (
    partner_id smallint not null,
    customer_number bigint not null,
    terms tsvector not null,
    primary key (partner_id, customer_number),
    foreign key (partner_id, customer_number) references customer on delete cascade
);

-- A text as words of small letters with a space between them: accents go, and so does what is neither letter nor digit.
-- The same whatever the locale of the database is.
create function search_fold(value text) returns text language sql immutable parallel safe
return btrim(regexp_replace(
    case when octet_length(value) = length(value) then lower(value) else
        -- What has accents is taken apart; then come letters that Unicode does not take apart; then its punctuation.
        regexp_replace(lower(translate(
            regexp_replace(normalize(value, nfkd), '[\u0300-\u036f]', '', 'g'),
            'ØøÐðĐđŁłıÆæŒœÞþß', 'oodDddLliaaoottTs'
        )), '[\u0080-\u00bf\u2000-\u2bff\u3000-\u303f\ufe00-\ufe0f\ufffd]+', ' ', 'g')
    end,
    '[^a-z0-9\u00c0-\U0010ffff]+', ' ', 'g'));

-- A word as it is kept: one form of what is written in several (å aa a, ä æ ae, ø ö oe). After words were put together,
-- since that makes such pairs (MariaEva). The beginning of a word becomes a beginning of what the word becomes.
create function search_lexeme(word text) returns text language sql immutable parallel safe
return left(regexp_replace(word, '(a)[ae]+|(o)e+', '\1\2', 'g'), 100);

-- What a text is found by: its words, neighbours as one (Anne Marie is also AnneMarie), and all of it as one.
create function search_lexemes(prefix text, folded text) returns text[] language sql immutable parallel safe
return case
    when folded = '' then '{}'
    when position(' ' in folded) = 0 then array[prefix || search_lexeme(folded)]
    else array(
        select prefix || search_lexeme(made.word)
        from string_to_array(folded, ' ') as words,
            lateral (
                select word from unnest(words) as word
                union all
                select words[n] || words[n + 1] from generate_series(1, cardinality(words) - 1) as n
                union all
                select replace(folded, ' ', '')
            ) as made (word)
    )
end;

-- What customers are found by, made from all that is known of them. Addresses count whenever they are or were valid:
-- what depended on the day would get old by itself, and people remember where they lived.
create function customer_terms(partner smallint, numbers bigint[])
returns table (customer_number bigint, terms tsvector) language plpgsql stable parallel safe as $$
#variable_conflict use_column
begin
    -- In PL/pgSQL, which keeps its plans.
    return query
    with told as materialized (
        select c.customer_number, words.kind, search_fold(words.value) as folded
        from customer c
        cross join lateral (values
            ('f:', concat_ws(' ', c.first_name, c.middle_name)),
            ('l:', concat_ws(' ', c.middle_name, c.last_name)),
            ('c:', c.company_name),
            ('c:', c.department_name)
        ) as words (kind, value)
        where c.partner_id = partner and c.customer_number = any(numbers) and words.value <> ''
        union all
        select a.customer_number, words.kind, search_fold(words.value)
        from customer_address a
        cross join lateral (values
            ('s:', a.care_of),
            ('s:', a.street),
            ('s:', a.postal_address),
            ('y:', a.postal_place),
            ('y:', a.postal_address_postal_place)
        ) as words (kind, value)
        where a.partner_id = partner and a.customer_number = any(numbers) and a.dropped is null
            and words.value <> ''
    ), lexeme as (
        select t.customer_number, made.lexeme
        from told t
        cross join lateral unnest(case
            when t.folded = '' then null
            when position(' ' in t.folded) = 0 then array[partner || t.kind || search_lexeme(t.folded)]
            else search_lexemes(partner || t.kind, t.folded)
        end) as made (lexeme)
        union all
        select c.customer_number, partner || made.lexeme
        from customer c
        cross join lateral (values
            ('n:' || c.customer_number),
            ('r:' || nullif(regexp_replace(c.company_registration_number, '\D', '', 'g'), '')),
            ('e:' || lower(c.invoice_email))
        ) as made (lexeme)
        where c.partner_id = partner and c.customer_number = any(numbers) and made.lexeme is not null
        union all
        select m.customer_number, partner || 'n:' || m.merged_number
        from customer_merge m
        where m.partner_id = partner and m.customer_number = any(numbers)
        union all
        select e.customer_number, partner || 'e:' || lower(e.email)
        from customer_email e
        where e.partner_id = partner and e.customer_number = any(numbers)
        union all
        select p.customer_number, partner || 'p:' || regexp_replace(p.phone_number, '\D', '', 'g')
        from customer_phone_number p
        where p.partner_id = partner and p.customer_number = any(numbers)
        union all
        select x.customer_number, partner || made.lexeme
        from customer_external_reference x
        cross join lateral (select replace(search_fold(x.external_id), ' ', '') as id) as folded
        cross join lateral (values
            ('i:' || folded.id),
            ('k:' || replace(search_fold(x.reference_code), ' ', '') || ':' || folded.id)
        ) as made (lexeme)
        where x.partner_id = partner and x.customer_number = any(numbers)
        union all
        select a.customer_number, partner || made.lexeme
        from customer_address a
        cross join lateral (select nullif(replace(search_fold(a.entrance), ' ', ''), '') as entrance) as folded
        cross join lateral (values
            ('h:' || a.street_number),
            ('h:' || a.street_number || folded.entrance),
            ('x:' || folded.entrance),
            ('z:' || replace(search_fold(a.postal_code), ' ', '')),
            ('z:' || replace(search_fold(a.postal_address_postal_code), ' ', '')),
            ('o:' || lower(a.country_code))
        ) as made (lexeme)
        where a.partner_id = partner and a.customer_number = any(numbers) and a.dropped is null
            and made.lexeme is not null
    )
    -- So many that they do not fit have nobody who is meant to be found by all of them.
    select l.customer_number, array_to_tsvector((array_agg(left(l.lexeme, 120)))[:2000])
    from lexeme l
    group by l.customer_number;
end $$;

-- Makes the rows of customers anew; for who wrote with kolofon.search = 'later'. Several at once wait for each other by
-- the customer's row, and look again after that: the last of them has seen what all have written.
create function index_customers(partner smallint, numbers bigint[]) returns void language plpgsql
set plan_cache_mode = force_generic_plan -- the plans are the same for one and for many, and take longer than one does
as $$
begin
    perform from customer c
    where c.partner_id = partner and c.customer_number = any(numbers)
    order by c.customer_number
    for no key update;
    insert into customer_search as s (partner_id, customer_number, terms)
    select partner, t.customer_number, t.terms from customer_terms(partner, numbers) t
    order by t.customer_number
    on conflict (partner_id, customer_number) do update set terms = excluded.terms
    where s.terms is distinct from excluded.terms;
end $$;

create function index_changed_customers() returns trigger language plpgsql as $$
declare
    partner smallint;
    numbers bigint[];
begin
    for partner, numbers in
        select c.partner_id, array_agg(distinct c.customer_number) from changed c group by c.partner_id order by 1
    loop
        perform index_customers(partner, numbers);
    end loop;
    return null;
end $$;

create function index_updated_customers() returns trigger language plpgsql as $$
declare
    partner smallint;
    numbers bigint[];
begin
    for partner, numbers in
        select c.partner_id, array_agg(distinct c.customer_number)
        from (
            select partner_id, customer_number from before
            union all
            select partner_id, customer_number from changed
        ) c
        group by c.partner_id
        order by 1
    loop
        perform index_customers(partner, numbers);
    end loop;
    return null;
end $$;

-- A new customer usually gets the rest in the same transaction, and with it the row.
create function index_new_customer() returns trigger language plpgsql as $$
begin
    if not exists (
        select from customer_search s
        where s.partner_id = new.partner_id and s.customer_number = new.customer_number
    ) then
        perform index_customers(new.partner_id, array[new.customer_number]);
    end if;
    return null;
end $$;

-- Whoever writes any of it, by whatever statement, keeps the rows above true.
create constraint trigger customer_search_insert after insert on customer
    deferrable initially deferred for each row
    when (coalesce(current_setting('kolofon.search', true), '') <> 'later')
    execute function index_new_customer();
do $$
declare
    source text;
begin
    foreach source in array array['customer', 'customer_email', 'customer_phone_number', 'customer_address',
        'customer_external_reference', 'customer_merge']
    loop
        execute format(
            $trigger$
            create trigger customer_search_delete after delete on %1$I
                referencing old table as changed for each statement
                when (coalesce(current_setting('kolofon.search', true), '') <> 'later')
                execute function index_changed_customers();
            create trigger customer_search_update after update on %1$I
                referencing old table as before new table as changed for each statement
                when (coalesce(current_setting('kolofon.search', true), '') <> 'later')
                execute function index_updated_customers();
            $trigger$,
            source
        );
        continue when source = 'customer';
        execute format(
            $trigger$
            create trigger customer_search_insert after insert on %1$I
                referencing new table as changed for each statement
                when (coalesce(current_setting('kolofon.search', true), '') <> 'later')
                execute function index_changed_customers();
            $trigger$,
            source
        );
    end loop;
end $$;

-- Customers that have all of `whole`, and, while there is room, those that only have all of `beginnings`; so many of
-- either at most. The planner takes the terms for frequent, and reading the table until enough are found for cheap, which
-- it is not when there are none: so it may go by the index of terms only. The lexemes name the partner.
create function find_customers(whole tsquery, beginnings tsquery, most integer)
returns table (partner_id smallint, customer_number bigint, is_whole boolean) language sql stable
set enable_seqscan = off
as $$
    with exact as materialized (
        select s.partner_id, s.customer_number
        from customer_search s
        where s.terms @@ whole
        limit most
    ), begun as materialized (
        select s.partner_id, s.customer_number
        from customer_search s
        where s.terms @@ beginnings and not s.terms @@ whole and (select count(*) < most from exact)
        limit most
    )
    select e.partner_id, e.customer_number, true from exact e
    union all
    select b.partner_id, b.customer_number, false from begun b
$$;

-- The customers that are there already. The index comes after them, which is quicker.
set local statement_timeout = '2h';
insert into customer_search (partner_id, customer_number, terms)
select p.partner_id, t.customer_number, t.terms
from partner p
cross join lateral customer_terms(p.partner_id, array(
    select c.customer_number from customer c where c.partner_id = p.partner_id
)) t;
create index customer_search_terms on customer_search using gin (terms) with (fastupdate = off);
