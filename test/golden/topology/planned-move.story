0.0s * a store of three is created
0.0s wait WaitingForMembers: 0 of 3 members answer, 2 are needed for the first primary
0.6s reveal s-0
0.7s prepare s-0
0.8s wait WaitingForMembers: 1 of 3 members answer, 2 are needed for the first primary
1.0s reveal s-1
1.1s reveal s-2
1.2s prepare s-1 s-2
1.3s intent Bootstrap epoch 1 s-0 (FirstPrimary)
1.4s promote s-0 over epoch none
1.5s establish s-0 epoch 1 n 3 w 1 replicas s-1+s-2
2.6s mark epoch 1 n 3 w 1: Bootstrapped
2.7s label off nobody on s-0
2.8s clear Bootstrap epoch 1 s-0 (FirstPrimary): Bootstrapped
2.9s describe s-0 joined, s-2 replica readable joined
4.0s describe s-1 replica readable joined
6.3s * pod s-0 is deleted
6.3s intent Move epoch 2 s-1 from s-0 (PodDeleted)
6.4s hand over s-0 to s-1
10.3s intent Failover epoch 3 s-1 from s-0 (PrimaryRestarted)
10.4s reveal s-0
10.5s prepare s-0
10.6s promote s-1 over epoch 1
10.7s establish s-1 epoch 3 n 3 w 1 replicas s-0+s-2
11.4s label off nobody on s-1
11.5s mark epoch 3 n 3 w 1: NewEpoch
11.6s clear Failover epoch 3 s-1 from s-0 (PrimaryRestarted): FailedOver
11.9s describe s-0 replica readable joined
no acknowledged write is lost
