"""SQL that gives the customers of a batch phone numbers, and makes them findable."""

from kolofon.catalogue.demo_data.queries import Batch
from kolofon.platform.database import Connection


async def add_phone_numbers(connection: Connection, batch: Batch) -> None:
    """Give customers the mobile number of the account, and some a number at home.

    No Norwegian subscriber's number begins with 1.
    """
    await connection.execute(
        """
        insert into customer_phone_number (partner_id, customer_number, phone_number, phone_number_type, position)
        select *
        from (
            select $2::smallint, d.customer_number, c.credential, 'mobile', 1
            from demo_customer d
            join user_credential c on c.unique_id = d.unique_id and c.credential_type = 'B'
            union all
            select $2, customer_number,
                '+471' || lpad(pg_temp.demo_roll($1, customer_number, 210, 10000000)::text, 7, '0'),
                case when company_name is null then 'home' else 'company' end, 2
            from demo_customer
            where pg_temp.demo_roll($1, customer_number, 211, 100) < 40
        ) drawn
        on conflict do nothing
        """,
        batch.key,
        batch.partner.partner_id,
    )


async def index_customers(connection: Connection, batch: Batch) -> None:
    """Make what the customers of the batch are found by."""
    await connection.execute(
        "select index_customers($1, array(select customer_number from demo_customer))", batch.partner.partner_id
    )
