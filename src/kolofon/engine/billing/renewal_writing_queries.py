"""SQL that writes what a batch of renewals comes to, from its table `renewal`."""

from datetime import date

from kolofon.engine.billing.renewal_queries import Renewing
from kolofon.platform.database import Connection


async def add_invoices(connection: Connection, run: Renewing, due_date: date) -> None:
    """Write the invoices. Those that a reader pays by hand are sent by the dunning run, which looks at remind_at."""
    await connection.execute(
        """
        insert into invoice (partner_id, customer_number, company_code, invoice_number, kind, kid, currency, created_at,
            invoice_date, due_date, net_minor, vat_minor, status, payment_method, customer_reference, remind_at)
        select $1, payer_number, company_code, invoice_number, 'invoice', kid, currency, $2::timestamptz, $3, $4,
            net_minor + distribution_net_minor, vat_minor + distribution_vat_minor, 'open', payment_method,
            customer_reference, case when payment_method = 'invoice' then $2::timestamptz end
        from renewal where invoice_number is not null
        order by payer_number, subscription_id
        """,
        run.partner_id,
        run.now,
        run.day,
        due_date,
    )
    await connection.execute(
        """
        insert into invoice_look_up (partner_id, company_code, invoice_number, customer_number)
        select $1, company_code, invoice_number, payer_number
        from renewal where invoice_number is not null
        order by company_code, invoice_number
        """,
        run.partner_id,
    )


async def add_lines(connection: Connection, run: Renewing) -> None:
    """Write the lines of the invoices: the subscription, and what bringing it costs."""
    await connection.execute(
        """
        insert into invoice_line (partner_id, customer_number, company_code, invoice_number, line_number, kind,
            product_code, description, quantity, net_minor, vat_percent, vat_minor, receiver_customer_number,
            subscription_id, period_number)
        select $1, payer_number, company_code, invoice_number, line.number, line.kind, product_code, product_name,
            copies, line.net_minor, vat_percent, line.vat_minor, renewal.customer_number, subscription_id, period_number
        from renewal
        cross join lateral (
            values (1, 'subscription', renewal.net_minor, renewal.vat_minor),
                (2, 'distribution', distribution_net_minor, distribution_vat_minor)
        ) line (number, kind, net_minor, vat_minor)
        where invoice_number is not null and (line.number = 1 or line.net_minor + line.vat_minor > 0)
        order by payer_number, subscription_id, line.number
        """,
        run.partner_id,
    )


async def add_periods(connection: Connection, run: Renewing) -> None:
    """Write the new periods. Their key says that none is made twice."""
    await connection.execute(
        """
        insert into subscription_period (partner_id, customer_number, subscription_id, period_number, start_time,
            end_time, company_code, invoice_number)
        select $1, customer_number, subscription_id, period_number, end_time, next_end_time,
            case when invoice_number is not null then company_code end, invoice_number
        from renewal where next_end_time is not null
        order by customer_number, subscription_id
        """,
        run.partner_id,
    )


async def prolong_subscriptions(connection: Connection, run: Renewing) -> None:
    """Move the subscriptions on by their period. One that costs nothing stays as paid as it was."""
    await connection.execute(
        """
        update subscription s
        set end_time = next_end_time, renew_at = renewal.renew_at, changed_at = $2,
            paid_until = case when place is null and s.paid_until = s.end_time then next_end_time else s.paid_until end
        from renewal
        where s.partner_id = $1 and s.customer_number = renewal.customer_number
            and s.subscription_id = renewal.subscription_id and next_end_time is not null
        """,
        run.partner_id,
        run.now,
    )


async def let_end(connection: Connection, run: Renewing) -> None:
    """What does not renew stops at the end of the period it has."""
    await connection.execute(
        """
        with stopping as (
            update subscription s
            set renew_at = null, changed_at = $2, change_at = least(s.change_at, s.end_time),
                state = case when s.state = 'active' then 'stopping' else s.state end
            from renewal
            where s.partner_id = $1 and s.customer_number = renewal.customer_number
                and s.subscription_id = renewal.subscription_id and next_end_time is null
            returning s.customer_number, s.subscription_id, renewal.state as state_before, s.state
        )
        insert into subscription_change (partner_id, customer_number, subscription_id, changed_at, state_before, state,
            cause, actor)
        select $1, customer_number, subscription_id, $2, state_before, state, 'notRenewed', 'worker'
        from stopping where state <> state_before
        """,
        run.partner_id,
        run.now,
    )


async def add_events(connection: Connection, run: Renewing) -> None:
    """Tell of the renewals."""
    await connection.execute(
        """
        insert into event (partner_id, occurred_at, type, status, data)
        select $1, $2, 'subscription', 'renew', jsonb_build_object('customerNumber', customer_number,
            'productCode', product_code, 'periodEnd', (extract(epoch from next_end_time) * 1000)::bigint)
        from renewal where next_end_time is not null
        order by customer_number, subscription_id
        """,
        run.partner_id,
        run.now,
    )
