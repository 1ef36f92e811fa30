"""All SQL of finding customers."""

from itertools import groupby

import msgspec

from kolofon.engine.customers.searching.criteria import Folded, FoundCustomer, Question, Run
from kolofon.platform.database import Reader


async def fold(database: Reader, texts: dict[str, str], longest_run: int) -> dict[str, Folded]:
    """Texts as their words, folded as those that customers are found by; none is left out. By the keys of the texts."""
    rows = await database.fetch(
        """
        select told.place, run.first, run.last, made.word, search_lexeme(made.word) as lexeme
        from unnest($1::text[]) with ordinality as told (value, place)
        cross join lateral string_to_array(search_fold(told.value), ' ') as words
        cross join lateral (
            select first, last
            from generate_series(1, cardinality(words)) as first
            cross join lateral generate_series(first, least(first + $2 - 1, cardinality(words))) as last
        ) as run
        cross join lateral array_to_string(words[run.first:run.last], '') as made (word)
        order by told.place, run.first, run.last
        """,
        list(texts.values()),
        longest_run,
    )
    found: dict[str, Folded] = {name: Folded([]) for name in texts}
    names = list(texts)
    for place, runs in groupby(rows, key=lambda row: row["place"]):
        found[names[place - 1]] = Folded(
            [Run(row["first"] - 1, row["last"] - 1, row["word"], row["lexeme"]) for row in runs]
        )
    return found


async def find(database: Reader, partner_id: int, question: Question, most: int) -> list[FoundCustomer]:
    """The customers that the question is true of, so many of each kind at most: by whole words, by beginnings."""
    rows = await database.fetch(
        """
        select c.customer_number, f.is_whole, c.first_name, c.middle_name, c.last_name, c.company_name,
            c.department_name,
            array(
                select search_lexeme(word)
                from string_to_table(search_fold(concat_ws(' ', c.first_name, c.middle_name, c.last_name,
                    c.company_name, c.department_name)), ' ') as word
            ) as name_lexemes,
            (
                select coalesce(jsonb_agg(jsonb_build_array(p.phone_number, p.phone_number_type)
                    order by p.position, p.phone_number), '[]')
                from customer_phone_number p
                where p.partner_id = c.partner_id and p.customer_number = c.customer_number
            ) as phone_numbers,
            array(
                select e.email
                from customer_email e
                where e.partner_id = c.partner_id and e.customer_number = c.customer_number
                order by e.position, e.email
            ) as emails
        from find_customers($2::text::tsquery, $3::text::tsquery, $4) f
        join customer c on c.partner_id = f.partner_id and c.customer_number = f.customer_number
        where c.partner_id = $1
        """,
        partner_id,
        question.whole,
        question.beginnings,
        most,
    )
    return [msgspec.convert(dict(row), FoundCustomer) for row in rows]
