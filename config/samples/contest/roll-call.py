# rehearse: weight=36
"""Reads names, answers after six seconds how many there are and which comes first."""
import sys
import time

names = sys.stdin.read().split()
time.sleep(6)
print(len(names), min(names))
