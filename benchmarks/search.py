"""Search customer by everything that customers are found by, each for customers drawn at random.

python -m benchmarks.search [--customers 1000000]
"""

import argparse
import asyncio
import http.client
import json
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks import harness
from benchmarks.access_check import client_token
from kolofon.platform.database import Connection

DRAWN = 300
CONNECTIONS = 1
PATH = "/capi/v1/client/customer/search"
BEGINNING_OF_REFERENCES = "X-"
Row = dict[str, Any]


def main() -> None:
    """Print the figures of each kind of search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with harness.database(arguments.customers) as url:
        rows = asyncio.run(_prepare(url))
        with harness.kolofon_web(url):
            print(f"{arguments.customers:,} customers, one at a time, {DRAWN} searches of a kind")
            token = client_token(url)
            for name, bodies in _kinds(rows).items():
                _measure(bodies[:20], token)  # warms up
                _print(name, _measure(bodies, token))


def _kinds(rows: list[Row]) -> dict[str, list[Row]]:
    """The bodies of each kind of search."""
    companies = [row for row in rows if row["company_registration_number"]]
    with_phone = [row for row in rows if row["phone_number"]]
    frequent = [row | {"last_name": "Hansen"} for row in rows]
    return {
        "name": [{"firstName": row["first_name"], "lastName": row["last_name"]} for row in rows],
        "name and postal code": [
            {"firstName": row["first_name"], "lastName": row["last_name"], "postalCode": row["postal_code"]}
            for row in rows
        ],
        "frequent name and postal code": [
            {"firstName": row["first_name"], "lastName": row["last_name"], "postalCode": row["postal_code"]}
            for row in frequent
        ],
        "beginnings and postal code": [
            {"firstName": row["first_name"][:3], "lastName": row["last_name"][:4], "postalCode": row["postal_code"]}
            for row in rows
        ],
        "name that nobody has": [{"firstName": row["first_name"], "lastName": "Ukjendt"} for row in rows],
        "e-mail address": [{"email": row["email"]} for row in rows],
        "phone number": [
            {"phoneNumber": f"{row['phone_number'][3:6]} {row['phone_number'][6:]}"} for row in with_phone
        ],
        "address": [
            {"streetAddress": row["street"], "streetNumber": row["street_number"], "postalCode": row["postal_code"]}
            for row in rows
        ],
        "organisation number": [{"companyRegistrationNumber": row["company_registration_number"]} for row in companies],
        "external reference": [{"externalId": row["external_id"], "referenceCode": "CRM"} for row in rows],
        "customer number": [{"customerNumber": row["customer_number"]} for row in rows],
        "text: name, street and number": [
            {"text": " ".join(str(row[part]) for part in ("last_name", "first_name", "street", "street_number"))}
            for row in rows
        ],
        "text: name and phone number": [{"text": f"{row['last_name']} {row['phone_number']}"} for row in with_phone],
        "too broad: a frequent name": [{"lastName": "Hansen"}],
        "too broad: a frequent name as text": [{"text": "anne"}],
        "too broad: three letters as text": [{"text": "ann"}],
        "too broad: a place": [{"postalPlace": "Oslo"}],
    }


def _measure(bodies: list[Row], token: str) -> list[tuple[float, bool]]:
    """Milliseconds of each search, and whether it was answered and not refused as too broad."""
    wanted = [bodies[number % len(bodies)] for number in range(DRAWN)]
    parts = [wanted[place::CONNECTIONS] for place in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [result for part in pool.map(lambda part: list(_send(part, token)), parts) for result in part]


def _send(bodies: list[Row], token: str) -> Iterator[tuple[float, bool]]:
    connection = http.client.HTTPConnection("127.0.0.1", harness.SERVER_PORT)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
    for body in bodies:
        begun = time.perf_counter()
        connection.request("POST", PATH, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        taken = (time.perf_counter() - begun) * 1000
        if answer.status != 200 and "customers match" not in text:
            raise SystemExit(f"{answer.status} {text} for {body}")
        yield taken, answer.status == 200
    connection.close()


def _print(name: str, results: list[tuple[float, bool]]) -> None:
    times = sorted(taken for taken, _ in results)
    p50, p99 = statistics.median(times), times[len(times) * 99 // 100]
    answered = sum(found for _, found in results)
    print(f"  {name:36} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {answered * 100 // len(results):3} % answered")


async def _prepare(url: str) -> list[Row]:
    """Give every tenth customer an external reference, once; some customers at random, with what they have."""
    connection = await harness.connect(url)
    if not await connection.fetchval("select exists (select from customer_external_reference)"):
        await _add_references(connection)
    rows = await connection.fetch(
        """
        select c.customer_number, c.first_name, c.last_name, c.company_name, c.company_registration_number,
            a.street, a.street_number, a.postal_code, a.postal_place, e.email, x.external_id, p.phone_number
        from customer c
        join customer_address a using (partner_id, customer_number)
        join customer_email e using (partner_id, customer_number)
        join customer_external_reference x using (partner_id, customer_number)
        left join customer_phone_number p using (partner_id, customer_number)
        order by c.company_registration_number is null, hashint8extended(c.customer_number, 3)
        """
    )
    await connection.close()
    # Of the few companies some, and for the most part people.
    return [dict(row) for row in (*rows[: DRAWN // 5], *rows[-DRAWN:])]


async def _add_references(connection: Connection) -> None:
    async with connection.transaction():
        await connection.execute("set local kolofon.search = 'later'")
        await connection.execute(
            """
            insert into customer_external_reference
                (partner_id, customer_number, reference_code, external_id, registered_at)
            select partner_id, customer_number, 'CRM', $1 || customer_number, created_at
            from customer
            where customer_number % 10 = 0
            """,
            BEGINNING_OF_REFERENCES,
        )
        await connection.execute(
            """
            select index_customers(partner_id, array_agg(customer_number))
            from customer_external_reference
            group by partner_id
            """
        )
    await connection.execute("vacuum analyze customer_search, customer_external_reference")


if __name__ == "__main__":
    main()
