5.8s * all servers are killed at once
5.8s intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)
5.9s wait WaitingForMembers: every member lost its data; 0 of 3 answer again
6.9s label off s-0 on nobody
7.1s reveal s-0 s-1 s-2
7.2s prepare s-0 s-1 s-2
7.3s intent Bootstrap epoch 3 s-0 from s-0 (DataLost)
7.4s promote s-0 over epoch none
7.5s establish s-0 epoch 3 n 3 w 1 replicas s-1+s-2
8.6s mark epoch 3 n 3 w 1: NewEpoch
8.7s label off nobody on s-0
8.8s clear Bootstrap epoch 3 s-0 from s-0 (DataLost): DataLost
some acknowledged writes are lost
