"""E-value of a series of wins and losses against a fair coin: evidence that may be looked at after every one."""

from __future__ import annotations

from math import comb

DECIDES_AT = 20.0
"""Whatever is no better than a fair coin ever gets there with probability 1/20 at most, however long one looks."""


def e_value(wins: int, losses: int) -> float:
    """Evidence against P(win) <= 1/2: what a bettor who began with 1 has now, who bets on wins alone.

    The stakes are the mixture of all P(win) = p in (1/2, 1], equally likely before: the integral over p of
    2 (2p)^wins (2 - 2p)^losses, which in closed form needs integers only. Each of its terms is a product of
    1 + (2p - 1)(+-1), a supermartingale where P(win) <= 1/2 given all that came before; so E >= 20 has probability
    1/20 at most, at any time (Ville, "Etude critique de la notion de collectif", 1939; Ramdas, Gruenwald, Vovk and
    Shafer, "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 2023).
    """
    count = wins + losses
    below, ways = 0, 1
    for k in range(wins + 1):  # ways: (count + 1 over k)
        below += ways
        ways = ways * (count + 1 - k) // (k + 1)
    return below / ((count + 1) * comb(count, wins))
