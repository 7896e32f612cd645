"""The rows of the audit trail in Bahasa Indonesia, for the pages; the trail itself is kept in English."""

from __future__ import annotations

WORDS = {
    "flagged": "ditandai kamera", "opened": "dibuka", "preloaded": "dimuat lebih dulu", "confirmed": "dikonfirmasi",
    "rejected": "ditolak", "plate corrected": "TNKB dikoreksi", "vehicle corrected": "kendaraan dikoreksi",
    "handed to another officer": "diteruskan ke petugas lain", "annulled as exempt": "dibatalkan, dikecualikan",
    "lapsed unreviewed": "lewat waktu tanpa diperiksa", "letter sent": "surat dikirim", "letter made": "surat dibuat",
    "letter returned": "surat kembali", "not answered in time": "tidak dijawab sampai batas waktu",
    "answered: I drove": "dijawab: saya mengemudi", "answered: somebody else drove": "dijawab: orang lain mengemudi",
    "answered: sold": "dijawab: sudah dijual", "answered: not mine": "dijawab: bukan milik saya",
    "contested": "disanggah", "answers read": "jawaban dibaca", "objection accepted": "sanggahan diterima",
    "objection refused": "sanggahan ditolak", "passed on to the driver": "diteruskan ke pengemudi",
    "ticket issued": "tilang diterbitkan", "withdrawn": "dihentikan", "paid in full": "lunas",
    "not paid in time": "tidak dibayar sampai batas waktu", "hearing set": "sidang dijadwalkan", "verdict": "putusan",
    "settled": "selesai", "STNK blocked": "STNK diblokir", "STNK released": "blokir STNK dibuka",
    "clone alert": "peringatan TNKB ganda", "alert resolved": "peringatan diselesaikan", "looked up": "dilihat pemilik",
    "seen by another camera": "terlihat kamera lain", "signed in": "masuk", "login refused": "masuk ditolak",
    "session refused": "sesi ditolak", "session ended": "sesi diakhiri", "refused": "ditolak karena peran",
    "queue read": "antrean dibaca", "wall opened": "dinding kamera dibuka", "figures read": "angka dibaca",
    "quality read": "mutu dibaca", "trail read": "jejak audit dibaca", "officer added": "petugas ditambah",
    "second factor set up": "faktor kedua dipasang", "second factor reset": "faktor kedua diatur ulang",
    "login disabled": "masuk ditutup", "login enabled": "masuk dibuka", "role changed": "peran diubah",
    "password given anew": "kata sandi baru", "notice made": "pemberitahuan dibuat",
    "STNK block suspended": "blokir STNK ditangguhkan", "STNK block in effect again": "blokir STNK berlaku lagi",
    "deliveries read": "pengiriman dibaca",
    "letter queued": "surat masuk antrean", "letter followed": "surat diikuti", "overdue": "terlambat",
    "no points": "tanpa poin", "points counted": "poin dicatat", "points looked up": "poin dilihat",
    "payment refused": "pembayaran ditolak", "reconciled": "dicocokkan dengan bank",
    "register imported": "register dimuat", "record fetched": "data STNK diambil", "plate exempt": "TNKB dikecualikan",
    "exemption ended": "pengecualian diakhiri", "law amended": "aturan diubah",
    "gateway key given": "kunci gateway diberikan", "added officer": "menambah petugas",
    "Samsat order queued": "pesanan Samsat masuk antrean", "Samsat order followed": "pesanan Samsat diikuti",
    "addressed anew": "alamat diperbaiki", "corrected": "dikoreksi", "contact begun": "laporan atau percakapan dimulai",
    "contact answered": "pesan dijawab", "contact written": "pesan ditulis", "contact read": "pesan dibaca",
    "contact closed": "pesan ditutup", "contact escalated": "pesan dinaikkan", "unit sent": "satuan dikirim",
    "gateway added": "gateway ditambah", "gateway cameras set": "kamera gateway diatur",
    "gateway key rotated": "kunci gateway diganti", "gateway keys revoked": "kunci gateway dicabut",
    "gateway signing key added": "kunci tanda tangan gateway ditambah",
    "gateway signing key valid again": "kunci tanda tangan gateway berlaku lagi",
    "letter downloaded": "surat diunduh", "looked up by vehicle": "dicari lewat kendaraan",
    "vehicle looked up": "kendaraan dilihat", "objection file": "berkas keberatan diterima",
    "passages deleted": "lintasan dihapus",
    "opened objection file": "berkas keberatan dibuka", "repeat offenders looked up": "pelanggar berulang dilihat",
}  # fmt: skip


def in_words(what: str) -> tuple[str, str]:
    """Give a kind of row in both languages; English alone where it has no words yet."""
    return WORDS.get(what, what), what
