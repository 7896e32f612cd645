"""Kinds of letters, the ways they go, and orders for Samsat, as officers and owners read them: Bahasa, English."""

from __future__ import annotations

from ticketing import blocks, notice, outbox, samsat_orders, states
from ticketing.channels import EMAIL, MESSAGE, POST

LETTER_WORDS = {
    outbox.CONFIRMATION: ("Surat konfirmasi", "Confirmation letter"),
    notice.TILANG: ("Surat tilang", "Ticket"),
    notice.RECEIPT: ("Tanda terima", "Receipt"),
    notice.BLOCK: ("Pemberitahuan blokir STNK", "Notice of the STNK block"),
    notice.RELEASE: ("Pembukaan blokir STNK", "Release of the STNK block"),
}
CHANNEL_WORDS = {POST: ("pos", "post"), EMAIL: ("surel", "e-mail"), MESSAGE: ("pesan", "message")}
ORDER_WORDS = {
    samsat_orders.BLOCK: ("Blokir STNK", "Block the STNK"),
    samsat_orders.RELEASE: ("Buka blokir STNK", "Release the STNK"),
}
# What an order is for: the ground of a block or of its release, or the objection that suspends it.
GROUND_WORDS = {**{state: states.WORDS[state] for state in states.DISPUTES}, **blocks.WORDS}
