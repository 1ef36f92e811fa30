"""Orders of older clients: XML in, XML out."""

from typing import Any

from kolofon.platform.database import Connection
from tests.order_management.order.ordering import Shop, kept

ORDER = """<?xml version="1.0" encoding="UTF-8"?>
<order xmlns="http://example.no/order">
  <externalOrderId>x-1</externalOrderId>
  <orderDate>2023-11-14T22:13:20+01:00</orderDate>
  <paymentMethod>kco</paymentMethod>
  <currency>NOK</currency>
  <prepaid>true</prepaid>
  <payer>
    <firstName>Kari</firstName><middleName/><lastName>Nordmann</lastName>
    <street>Storgata</street><streetNumber>12</streetNumber><floor/><sex/>
    <postalCode>0150</postalCode><countryCode>NO</countryCode>
    <birthDate>1980-02-29</birthDate>
    <emails><email>kari@private.example</email></emails>
    <phoneNumbers><phoneNumber>+4790000001</phoneNumber><phoneNumber>90000002</phoneNumber></phoneNumbers>
    <categories><category><addressCategory>SKI</addressCategory><freeValue>often</freeValue></category></categories>
    <permissions>
      <permission>
        <enterpriseCode>NEWS</enterpriseCode><permissionType>permission</permissionType>
        <channels><channel>DM</channel><channel>TM</channel></channels>
      </permission>
    </permissions>
    <privacy><enterpriseCode>NEWS</enterpriseCode><purpose>EM</purpose></privacy>
  </payer>
  <orderLines>
    <orderLine>
      <productSpecType>coupon</productSpecType><productSpecCode>DIGI</productSpecCode><productSpecNo>1</productSpecNo>
      <quantity>2</quantity><unitPrice>1.00</unitPrice><rewardPartnerId/>
    </orderLine>
    <orderLine>
      <productSpecType>article</productSpecType>
      <articleDetail><product>ARTICLE</product><articleRef>a-1</articleRef></articleDetail>
    </orderLine>
  </orderLines>
  <paymentInfoKco><klarnaOrderId>k-1</klarnaOrderId></paymentInfoKco>
</order>"""


async def ordered(shop: Shop, connection: Connection, body: str) -> Any:
    answer = await shop.xml("/order", body, Accept="application/json")
    assert answer.status_code == 200, answer.text
    return await kept(connection, answer.json()["orderId"])


async def test_an_order_in_xml_is_kept_as_one_in_json(shop: Shop, connection: Connection) -> None:
    found = await ordered(shop, connection, ORDER)
    assert found.order["payer"] == {
        "firstName": "Kari",
        "lastName": "Nordmann",
        "street": "Storgata",
        "streetNumber": 12,
        "postalCode": "0150",
        "countryCode": "NO",
        "birthDate": "1980-02-29",
        "emails": ["kari@private.example"],
        "phoneNumbers": ["+4790000001", "+4790000002"],
        "categories": [{"addressCategory": "SKI", "freeValue": "often"}],
        "permissions": [{"enterpriseCode": "NEWS", "channels": ["DM", "TM"], "permissionType": "permission"}],
        "privacy": [{"enterpriseCode": "NEWS", "purpose": "EM"}],
    }
    assert (found.order["prepaid"], found.order["payment_info"]) == (True, {"klarnaOrderId": "k-1"})
    assert [line["quantity"] for line in found.lines] == [2, 1]
    assert found.lines[1]["article_ref"] == "a-1"


async def test_lines_may_stand_without_an_element_around_them(shop: Shop, connection: Connection) -> None:
    body = ORDER.replace("<orderLines>", "").replace("</orderLines>", "").replace("orderLine>", "orderLines>")
    assert len((await ordered(shop, connection, body)).lines) == 2


async def test_the_answer_is_an_order_with_its_id(shop: Shop) -> None:
    answer = await shop.xml("/order", ORDER, Accept="application/xml")
    assert answer.status_code == 200
    assert answer.text.startswith("<?xml version='1.0' encoding='utf-8'?>\n<order><orderId>")


async def test_a_refusal_names_the_field_as_well(shop: Shop) -> None:
    answer = await shop.xml("/order", ORDER.replace("ARTICLE<", "NOTHING<"), Accept="application/xml")
    assert answer.status_code == 400
    assert "orderLines[1].articleDetail.product: there is no product NOTHING" in answer.text
